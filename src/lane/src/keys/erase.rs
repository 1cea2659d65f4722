//! The retailer's order to destroy every key.

use sealpoint_vault::{Erasure, erase_keys, is_erased, mark_erased, signed::RootPublicKey};
use sealpoint_wire::TerminalId;

use super::{
    Keys,
    trust::{root_file, root_key},
};

/// What is said once an order was obeyed.
pub(super) const OUT_OF_SERVICE: &str = "No card can be charged: the retailer took this till out of \
     service, and its keys are erased. To use it again, run `tillctl keys destroy --all` and set it \
     up like a new one.";

impl Keys {
    /// Destroys every key, if the retailer's root signed that order and it names that terminal. The
    /// order is on the disk before the first key goes, so that a kill in between stops nothing.
    ///
    /// It needs no manifest that counts: a till whose manifest ran out or was taken away is erased as
    /// well.
    ///
    /// # Errors
    /// Why not, and what to do. Where the order counts and something is left all the same,
    /// [`Keys::is_out_of_service`], and [`Keys::go_on_erasing`] tries again.
    pub(crate) fn erase(&mut self, order: &str, terminal: &TerminalId) -> Result<(), String> {
        self.ordered(order, terminal)
            .map_err(|why| format!("Nothing was erased: {why}"))?;
        self.out_of_service = true;
        // A disk that takes no mark, for it is full perhaps, keeps no key for that reason.
        let marked = mark_erased(&self.folder, order);
        self.forget();
        let erased = erase_keys(&self.folder);
        marked.and(erased).map_err(|error| unfinished(&error))
    }

    /// Erases what an order left, if there was one: after a kill, or a disk that would not.
    ///
    /// # Errors
    /// What is in the way, and what to do.
    pub(crate) fn go_on_erasing(&mut self) -> Result<(), String> {
        if !self.is_out_of_service() {
            return Ok(());
        }
        self.forget();
        erase_keys(&self.folder).map_err(|error| unfinished(&error))
    }

    /// Whether an order was obeyed here.
    pub(crate) fn is_out_of_service(&self) -> bool {
        self.out_of_service || is_erased(&self.folder)
    }

    /// Whether the retailer orders it; else why not.
    fn ordered(&mut self, order: &str, terminal: &TerminalId) -> Result<(), String> {
        let root = root_key(&root_file(&self.folder, self.credentials.as_deref()))?;
        let root = root.ok_or(
            "this till has no root key of a retailer, so nobody can order it. Erase it by hand with \
             `tillctl keys destroy --all`.",
        )?;
        self.is_accepted(&root)?;
        Erasure::verify(order, &root, terminal)
            .map_err(|bad| format!("the order does not count: {bad}."))?;
        Ok(())
    }

    /// Whoever puts a root of his own into the folder gives no orders. A store that cannot be read
    /// remembers none, and is no reason to keep it.
    fn is_accepted(&mut self, root: &RootPublicKey) -> Result<(), String> {
        match self.in_store(false, |store| store.has_other_root(root)) {
            Ok(Some(true)) => Err(format!(
                "the root key \"{}\" is not the one that this till accepted. Put the retailer's own \
                 back.",
                root.id()
            )),
            _ => Ok(()),
        }
    }

    /// Drops, and so wipes, what is known of the folder.
    fn forget(&mut self) {
        *self = Self {
            credentials: self.credentials.take(),
            out_of_service: self.out_of_service,
            ..Self::new(&self.folder, self.production)
        };
    }
}

fn unfinished(error: &dyn core::fmt::Display) -> String {
    format!("This till is out of service, but not all of its keys are erased yet: {error}.")
}

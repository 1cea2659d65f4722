//! Rights of root, in part or whole, and the ways to gain them (capabilities(7)).

use rustix::{
    io,
    thread::{
        CapabilitiesSecureBits, CapabilitySet, CapabilitySets, capabilities,
        capability_is_in_ambient_set, capability_is_in_bounding_set, clear_ambient_capability_set,
        no_new_privs, remove_capability_from_bounding_set, set_capabilities,
        set_capabilities_secure_bits, set_no_new_privs,
    },
};
use sealpoint_wire::posture::{Achieved, Measure, Reach};

use super::{achieved, failed};

/// Numbers that a capability may have (capget(2): two words of 32 bits).
const NUMBERS: u32 = 64;

/// Root is a user like any other to a program that is run, and that stays so.
const ROOT_IS_NOBODY: CapabilitiesSecureBits = CapabilitiesSecureBits::NO_ROOT
    .union(CapabilitiesSecureBits::NO_ROOT_LOCKED)
    .union(CapabilitiesSecureBits::NO_SETUID_FIXUP)
    .union(CapabilitiesSecureBits::NO_SETUID_FIXUP_LOCKED)
    .union(CapabilitiesSecureBits::KEEP_CAPS_LOCKED)
    .union(CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE)
    .union(CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED);

/// No program that this process runs gains rights by its file (PR_SET_NO_NEW_PRIVS(2const)).
pub(crate) fn forbid_new_privileges() -> Achieved {
    const MEASURE: Measure = Measure::NoNewPrivileges;
    match set_no_new_privs(true) {
        Ok(()) => achieved(MEASURE, Reach::Full, "Nothing that it runs gains rights."),
        Err(error) => failed(MEASURE, "Gaining rights cannot be forbidden", error),
    }
}

/// Drops every capability from every set. Call [`forbid_new_privileges`] first: what may stay in
/// the bounding set depends on it.
pub(crate) fn drop_capabilities() -> Achieved {
    const MEASURE: Measure = Measure::Capabilities;
    let may_limit =
        capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SETPCAP));
    if may_limit && let Err(error) = limit() {
        return failed(MEASURE, "The bounding set cannot be emptied", error);
    }
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    let dropped = clear_ambient_capability_set()
        .and_then(|()| set_capabilities(None, none))
        .and_then(|()| capabilities(None));
    match dropped {
        Err(error) => failed(MEASURE, "Capabilities cannot be dropped", error),
        Ok(left) if left != none || any(capability_is_in_ambient_set) => achieved(
            MEASURE,
            Reach::Nothing,
            "Capabilities were dropped and are still there. Report this with the kernel's version.",
        ),
        Ok(_) if !any(capability_is_in_bounding_set) => achieved(
            MEASURE,
            Reach::Full,
            "It has none, and none in the bounding set.",
        ),
        // Only CAP_SETPCAP may empty the bounding set, which limits what a program's file may give;
        // without new privileges a file gives nothing.
        Ok(_) if no_new_privs().unwrap_or(false) => achieved(
            MEASURE,
            Reach::Full,
            "It has none. The bounding set is not empty, for it was started without the right to \
             empty it; without new privileges nothing comes from there.",
        ),
        Ok(_) => achieved(
            MEASURE,
            Reach::Part,
            "It has none, but the bounding set is not empty. Write `CapabilityBoundingSet=` into \
             its unit.",
        ),
    }
}

/// Empties the bounding set and locks the ways by which user 0 gets capabilities.
fn limit() -> io::Result<()> {
    for capability in every().filter(|one| capability_is_in_bounding_set(*one) == Ok(true)) {
        remove_capability_from_bounding_set(capability)?;
    }
    set_capabilities_secure_bits(ROOT_IS_NOBODY)
}

/// Every number, whether this kernel knows it or not.
fn every() -> impl Iterator<Item = CapabilitySet> {
    (0..NUMBERS).map(|number| CapabilitySet::from_bits_retain(1 << number))
}

/// Whether any capability is in that set. A number that the kernel does not know is in none.
fn any(is_in: impl Fn(CapabilitySet) -> io::Result<bool>) -> bool {
    every().any(|one| is_in(one) == Ok(true))
}

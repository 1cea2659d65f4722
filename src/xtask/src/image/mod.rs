//! `cargo xtask image`: the locked-down image of a till, built and, with `--boot`, attacked.
//!
//! | file | what |
//! |---|---|
//! | `tools` | the Debian 13 folder whose tools build and boot it |
//! | `keys` | the builder's keys, made once |
//! | `bill` | its list of parts |
//! | `build` | packages, mkosi, what lies beside the image |
//! | `fresh` | whether the tests need another build |
//! | `release` | the files of an update |
//! | `evidence` | the root as a folder, the reference values, the figures |

mod bill;
mod build;
mod evidence;
pub mod fresh;
mod keys;
mod release;
mod tools;

use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};

use crate::cargo::{Profile, Workspace};
use crate::packages::{self, Use};
use crate::say;
use keys::Keys;
pub use tools::Tools;

/// How the till draws.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Display {
    /// A Wayland compositor for one window: screen readers and a second window
    Cage,
    /// The kernel's own interface: the smallest surface
    Kms,
}

impl Display {
    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cage => "cage",
            Self::Kms => "kms",
        }
    }
}

/// What `cargo xtask image` can be told.
#[derive(Args)]
pub struct Arguments {
    /// Boot it in QEMU, sell, and attack it: the whole table of packaging/README.md
    #[arg(long)]
    boot: bool,
    /// Version of the image, dotted numbers
    #[arg(long, value_name = "VERSION", default_value = env!("CARGO_PKG_VERSION"), value_parser = version)]
    version: String,
    /// Older images than this are refused for ever by every till that ran this one
    #[arg(long, value_name = "N", default_value_t = 1)]
    rollback_index: u32,
    /// How the till draws
    #[arg(long, value_enum, default_value_t = Display::Cage)]
    profile: Display,
    /// Folder with the builder's keys; made if it is not there. Never commit it
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// The programs as tests build them: quick to build, slower to run
    #[arg(long)]
    dev: bool,
}

/// What is to be built.
pub struct Recipe {
    /// The workspace.
    pub workspace: Workspace,
    /// Version of the image.
    pub version: String,
    /// Its place in the order of what may still run.
    pub rollback_index: u32,
    /// How the till draws.
    pub display: Display,
    /// How the programs are built.
    pub programs: Profile,
    /// The folder that gets everything but the tools.
    pub folder: PathBuf,
}

impl Recipe {
    /// Name of the image, without an ending.
    pub fn name(&self) -> String {
        format!("sealpoint_{}_{}", self.version, self.display.name())
    }

    /// The disk, once it is built.
    pub fn disk(&self) -> PathBuf {
        self.folder.join("out").join(format!("{}.raw", self.name()))
    }
}

/// Builds the image, and boots it if that is asked for.
///
/// # Errors
/// What happened and what to do.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    let workspace = Workspace::find()?;
    let order = build_in(arguments, workspace.target.join("image"))?;
    if !arguments.boot {
        return Ok(());
    }
    let name = order.name();
    neighbours(order, arguments)?;
    crate::test::image(&workspace, &name)
}

/// Builds an older and a newer image beside it, of the same parts: updates are tried with them.
fn neighbours(mut order: Recipe, arguments: &Arguments) -> Result<(), String> {
    let (tools, keys) = prepare(&order, arguments)?;
    for (version, index) in crate::test::neighbours(&order.version, order.rollback_index) {
        order.version = version;
        order.rollback_index = index;
        build::image(&order, &tools, &keys)?;
        release::leave(&order, &tools)?;
    }
    Ok(())
}

/// The tools and the keys.
fn prepare(order: &Recipe, arguments: &Arguments) -> Result<(Tools, Keys), String> {
    let tools = Tools::ensure(&order.workspace)?;
    let folder = arguments
        .keys
        .clone()
        .unwrap_or_else(|| order.workspace.root.join("image-keys"));
    let keys = Keys::ensure(order, &tools, folder)?;
    Ok((tools, keys))
}

/// Builds the image in a folder of its own.
///
/// # Errors
/// What happened and what to do.
pub fn build_in(arguments: &Arguments, folder: PathBuf) -> Result<Recipe, String> {
    let began = Instant::now();
    let workspace = Workspace::find()?;
    packages::ensure(&[Use::Build, Use::Image, Use::Package])?;
    let order = Recipe {
        version: arguments.version.clone(),
        rollback_index: arguments.rollback_index,
        display: arguments.profile,
        programs: if arguments.dev {
            Profile::Dev
        } else {
            Profile::Release
        },
        folder,
        workspace,
    };
    let (tools, keys) = prepare(&order, arguments)?;
    build::package(&order)?;
    build::image(&order, &tools, &keys)?;
    release::leave(&order, &tools)?;
    evidence::leave(&order, &tools, &keys)?;
    fresh::mark(&order.workspace, &order.folder.join("root"))?;
    say::note(&format!("built in {}", say::duration(began.elapsed())));
    Ok(order)
}

/// Dotted numbers, as the names of files and partitions can hold them.
fn version(text: &str) -> Result<String, String> {
    let numbers: Vec<&str> = text.split('.').collect();
    let fits = numbers.len() <= 4
        && numbers
            .iter()
            .all(|n| (1..=5).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()));
    if fits {
        return Ok(text.to_owned());
    }
    Err("give at most four numbers with dots between, such as 1.4.0".to_owned())
}

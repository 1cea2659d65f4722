//! `cargo xtask reproduce`: the image built twice, from nothing, in two folders, one after the other;
//! then compared partition by partition.
//!
//! | file | what |
//! |---|---|
//! | `disk` | the partitions of a disk, and their bytes |
//! | `signed` | a program of the firmware without its signature |
//! | `compare` | what differs, and whether a signature accounts for it |
//!
//! The root, its hashes, their signature and the table of partitions must be equal bit by bit. In the
//! partition that the firmware reads, the files must be equal once the signatures, which name the time
//! of signing, are taken off; the file system around them has times of its own.

mod compare;
mod disk;
mod signed;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use clap::Args;

use crate::cargo::Workspace;
use crate::image;
use crate::say;
use compare::Verdict;

/// The folders of the two builds, of different lengths, below `target/image/twice`.
const FOLDERS: [&str; 2] = ["a", "another-folder"];
/// Clocks of files count seconds, FAT's pairs of them: the second build begins later than that.
const APART: Duration = Duration::from_secs(3);

/// What `cargo xtask reproduce` can be told.
#[derive(Args)]
// The image's own arguments are a group of this name too.
#[group(id = "reproduce")]
pub struct Arguments {
    /// Compare two disks that are built already, in place of building
    #[arg(num_args = 2, value_names = ["DISK", "DISK"])]
    disks: Vec<PathBuf>,
    /// How the image is built
    #[command(flatten)]
    image: image::Arguments,
}

/// Builds twice and compares, or compares.
///
/// # Errors
/// What differs, or why it could not be looked at.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    let workspace = Workspace::find()?;
    let disks = match arguments.disks.as_slice() {
        [] => build_twice(&workspace, &arguments.image)?,
        disks => disks.to_vec(),
    };
    let [first, second] = disks.as_slice() else {
        return Err("Name two disks, or none.".to_owned());
    };
    say::heading("Comparing");
    let tools = image::Tools::ensure(&workspace)?;
    let verdicts = compare::disks(&workspace, &tools, first, second)?;
    tell(&verdicts)
}

fn build_twice(
    workspace: &Workspace,
    arguments: &image::Arguments,
) -> Result<Vec<PathBuf>, String> {
    let mut disks = vec![];
    for name in FOLDERS {
        let folder = workspace.target.join("image/twice").join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|error| cannot(&folder, &error))?;
        }
        if !disks.is_empty() {
            thread::sleep(APART);
        }
        disks.push(image::build_in(arguments, folder)?.disk());
    }
    Ok(disks)
}

/// One line a part, and an error if one differs by more than a signature.
fn tell(verdicts: &[(String, Verdict)]) -> Result<(), String> {
    if verdicts.is_empty() {
        return Err("Nothing was compared: the disks have no partition.".to_owned());
    }
    let mut different = vec![];
    for (part, verdict) in verdicts {
        let words = match verdict {
            Verdict::Equal => "equal, bit by bit".to_owned(),
            Verdict::Signatures => "equal but for its signature".to_owned(),
            Verdict::Contents => "the same files; its file system has other times".to_owned(),
            Verdict::Different(where_) => {
                different.push(part.as_str());
                format!("DIFFERENT: {where_}")
            }
        };
        say::note(&format!("{part:44} {words}"));
    }
    if different.is_empty() {
        return Ok(());
    }
    Err(format!(
        "Two builds differ in {}. What differs is said above.",
        different.join(", ")
    ))
}

fn cannot(path: &Path, error: &std::io::Error) -> String {
    format!("{} cannot be used: {error}.", path.display())
}

#[cfg(test)]
mod tests {
    use super::compare::Verdict;
    use super::tell;

    #[test]
    fn a_difference_or_nothing_at_all_is_an_error() {
        let part = |verdict| vec![("root".to_owned(), verdict)];
        assert!(tell(&part(Verdict::Equal)).is_ok());
        assert!(tell(&part(Verdict::Signatures)).is_ok());
        let why = tell(&part(Verdict::Different("byte 5".to_owned())));
        assert!(why.is_err_and(|why| why.contains("differ in root")));
        assert!(tell(&[]).is_err());
    }
}

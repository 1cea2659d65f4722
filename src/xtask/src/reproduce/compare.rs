//! Two disks, part by part.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::cannot;
use super::disk::{Disk, Partition, difference};
use super::signed::without_signature;
use crate::cargo::Workspace;
use crate::image::Tools;

/// The label of the partition that the firmware reads.
const ESP: &str = "esp";
/// Files of that partition that are looked at.
const MAX_FILES: usize = 1000;
/// Programs of the firmware end so.
const PROGRAM: &str = "efi";

/// How two parts compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Bit by bit.
    Equal,
    /// Without their signatures, bit by bit.
    Signatures,
    /// A file system whose files are all equal, or but for signatures.
    Contents,
    /// Where and by how much.
    Different(String),
}

/// Compares the tables, each partition, and in the firmware's partition each file.
///
/// # Errors
/// If something cannot be read.
pub fn disks(
    workspace: &Workspace,
    tools: &Tools,
    first: &Path,
    second: &Path,
) -> Result<Vec<(String, Verdict)>, String> {
    let (one, other) = (Disk::open(first)?, Disk::open(second)?);
    let mut verdicts = partitions(&one, &other)?;
    let esp = |disk: &Disk| disk.partitions.iter().find(|p| p.name == ESP).cloned();
    let Some((left, right)) = esp(&one).zip(esp(&other)) else {
        return Err(format!("No partition is called {ESP}."));
    };
    let scratch = workspace.target.join("image/twice");
    let files = files(
        &unpack(workspace, tools, &one, &left, &scratch.join("esp-1"))?,
        &unpack(workspace, tools, &other, &right, &scratch.join("esp-2"))?,
    )?;
    let same = !files.is_empty()
        && files
            .iter()
            .all(|(_, verdict)| !matches!(verdict, Verdict::Different(_)));
    for (name, verdict) in &mut verdicts {
        if name == ESP && *verdict != Verdict::Equal && same {
            *verdict = Verdict::Contents;
        }
    }
    verdicts.extend(files);
    Ok(verdicts)
}

fn partitions(one: &Disk, other: &Disk) -> Result<Vec<(String, Verdict)>, String> {
    let table = verdict(one.table.as_slice(), other.table.as_slice())?;
    let mut verdicts = vec![("table of partitions".to_owned(), table)];
    if one.partitions.len() != other.partitions.len() {
        let (had, has) = (one.partitions.len(), other.partitions.len());
        let said = Verdict::Different(format!("{had} partitions and {has}"));
        verdicts.push(("partitions".to_owned(), said));
    }
    for (left, right) in one.partitions.iter().zip(&other.partitions) {
        let said = verdict(one.bytes(left)?, other.bytes(right)?)?;
        // Names may be the same more than once, as of slots that are empty.
        let name = if left.name == ESP {
            ESP.to_owned()
        } else {
            format!("{} at {} MiB", left.name, left.start >> 20)
        };
        verdicts.push((name, said));
    }
    Ok(verdicts)
}

fn verdict(one: impl std::io::Read, other: impl std::io::Read) -> Result<Verdict, String> {
    let found =
        difference(one, other).map_err(|error| format!("A disk cannot be read: {error}."))?;
    Ok(match found {
        None => Verdict::Equal,
        Some((first, count)) => Verdict::Different(format!("{count} bytes, the first at {first}")),
    })
}

/// The files of the firmware's partition, by mtools of the tools tree.
fn unpack(
    workspace: &Workspace,
    tools: &Tools,
    disk: &Disk,
    partition: &Partition,
    folder: &Path,
) -> Result<PathBuf, String> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| cannot(folder, &error))?;
    }
    fs::create_dir_all(folder).map_err(|error| cannot(folder, &error))?;
    let path = fs::canonicalize(&disk.path).map_err(|error| cannot(&disk.path, &error))?;
    let mut copy = tools.command(workspace, "mcopy");
    copy.args(["-s", "-n", "-i"])
        .arg(format!("{}@@{}", path.display(), partition.start))
        .arg("::*")
        .arg(folder)
        .stdout(Stdio::null());
    let done = copy.status().is_ok_and(|status| status.success());
    if done {
        return Ok(folder.to_owned());
    }
    Err(format!(
        "The files of {} cannot be read by mcopy.",
        disk.path.display()
    ))
}

fn files(one: &Path, other: &Path) -> Result<Vec<(String, Verdict)>, String> {
    let (left, right) = (listed(one)?, listed(other)?);
    let mut names: Vec<&String> = left.keys().chain(right.keys()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .map(|name| {
            let verdict = match (left.get(name), right.get(name)) {
                (Some(a), Some(b)) => file(a, b)?,
                _ => Verdict::Different("only one has it".to_owned()),
            };
            Ok((format!("{ESP}/{name}"), verdict))
        })
        .collect()
}

fn file(one: &Path, other: &Path) -> Result<Verdict, String> {
    let read = |path: &Path| fs::read(path).map_err(|error| cannot(path, &error));
    let (a, b) = (read(one)?, read(other)?);
    let program = one
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case(PROGRAM));
    if a != b && program {
        let plain = |bytes: &[u8], path: &Path| {
            without_signature(bytes).map_err(|why| format!("{}: {why}.", path.display()))
        };
        if plain(&a, one)? == plain(&b, other)? {
            return Ok(Verdict::Signatures);
        }
    }
    verdict(a.as_slice(), b.as_slice())
}

/// Every file below a folder, by its path in it.
fn listed(root: &Path) -> Result<BTreeMap<String, PathBuf>, String> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| cannot(&folder, &error))? {
            let path = entry.map_err(|error| cannot(&folder, &error))?.path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap_or(&path);
                found.insert(name.display().to_string(), path.clone());
            }
            if found.len() + waiting.len() > MAX_FILES {
                return Err(format!("{} has too many files.", root.display()));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{Verdict, files, partitions};
    use crate::reproduce::disk::{Disk, tests::disk};
    use crate::reproduce::signed::tests::program;
    use std::fs;
    use std::path::{Path, PathBuf};

    /// A folder that goes with the test.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let folder =
                std::env::temp_dir().join(format!("reproduce-{name}-{}", std::process::id()));
            fs::create_dir_all(&folder).expect("a temporary folder");
            Self(folder)
        }

        fn disk(&self, name: &str, parts: &[(&str, &[u8; 512])]) -> Disk {
            let path = self.0.join(name);
            fs::write(&path, disk(parts)).expect("a file of ours");
            Disk::open(&path).expect("a disk")
        }

        fn folder(&self, name: &str, content: &[(&str, Vec<u8>)]) -> PathBuf {
            let folder = self.0.join(name);
            for (file, bytes) in content {
                let path = folder.join(file);
                let above = path.parent().unwrap_or(Path::new("."));
                fs::create_dir_all(above).expect("a folder of ours");
                fs::write(path, bytes).expect("a file of ours");
            }
            folder
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _gone = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn one_byte_of_one_partition_is_named() {
        let scratch = Scratch::new("parts");
        let one = scratch.disk("1", &[("root", &[1; 512]), ("sig", &[2; 512])]);
        let equal = partitions(&one, &one).expect("two disks");
        assert!(equal.iter().all(|(_, verdict)| *verdict == Verdict::Equal));
        let mut changed = [2; 512];
        changed[7] = 3;
        let other = scratch.disk("2", &[("root", &[1; 512]), ("sig", &changed)]);
        let found = partitions(&one, &other).expect("two disks");
        assert_eq!(found[1].1, Verdict::Equal);
        assert!(found[2].0.starts_with("sig"));
        assert_eq!(
            found[2].1,
            Verdict::Different("1 bytes, the first at 7".to_owned())
        );
        let fewer = scratch.disk("3", &[("root", &[1; 512])]);
        let found = partitions(&one, &fewer).expect("two disks");
        assert!(found.iter().any(|(name, _)| name == "partitions"));
    }

    #[test]
    fn a_signature_accounts_for_a_signature_alone() {
        let scratch = Scratch::new("files");
        let kernel = "EFI/Linux/x.efi";
        let plain = ("loader/loader.conf", b"timeout 0".to_vec());
        let one = scratch.folder("1", &[(kernel, program(1, b"monday")), plain.clone()]);
        let two = scratch.folder("2", &[(kernel, program(1, b"tuesday")), plain.clone()]);
        let found = files(&one, &two).expect("two folders");
        assert_eq!(found[0].1, Verdict::Signatures);
        assert_eq!(found[1].1, Verdict::Equal);
        let three = scratch.folder("3", &[(kernel, program(2, b"monday")), plain.clone()]);
        let found = files(&one, &three).expect("two folders");
        assert!(matches!(found[0].1, Verdict::Different(_)));
        let four = scratch.folder("4", &[plain]);
        let found = files(&one, &four).expect("two folders");
        assert_eq!(found[0].1, Verdict::Different("only one has it".to_owned()));
    }
}

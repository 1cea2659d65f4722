//! A disk: what a test changes lies in a layer of its own over the image, which stays as it was built.

use std::fs;
use std::path::{Path, PathBuf};

use sealpoint_tests::child::run;

use super::gpt::{self, Partition};
use super::tools::Tools;

/// What a large read is made of.
const MEBIBYTE: u64 = 1 << 20;
/// How large a till's disk is: the till makes its own volume in the room behind the image.
const SIZE: &str = "2560M";

/// A layer (qcow2) over an image or another layer.
pub struct Disk {
    tools: Tools,
    path: PathBuf,
}

impl Disk {
    /// A new layer over a raw image or over another layer.
    pub fn over(tools: &Tools, below: &Path, path: &Path) -> Self {
        let raw = below.extension().is_some_and(|end| end == "raw");
        let below = fs::canonicalize(below).expect("what a layer lies over is there");
        run(tools
            .command("qemu-img")
            .args(["create", "-q", "-f", "qcow2", "-F"])
            .arg(if raw { "raw" } else { "qcow2" })
            .arg("-b")
            .arg(below)
            .arg(path)
            .arg(SIZE));
        Self::open(tools, path)
    }

    /// A layer that is there.
    pub fn open(tools: &Tools, path: &Path) -> Self {
        Self {
            tools: tools.clone(),
            path: path.to_path_buf(),
        }
    }

    /// Bytes as the machine would read them. Both numbers are whole sectors.
    pub fn read(&self, at: u64, bytes: usize) -> Vec<u8> {
        let whole = |block: u64| at.is_multiple_of(block) && (bytes as u64).is_multiple_of(block);
        assert!(whole(gpt::SECTOR), "whole sectors");
        let block = if whole(MEBIBYTE) {
            MEBIBYTE
        } else {
            gpt::SECTOR
        };
        let out = self.path.with_extension("part");
        run(self
            .tools
            .command("qemu-img")
            .args(["dd", "-f", "qcow2", "-O", "raw"])
            .arg(format!("bs={block}"))
            // With `skip`, what `count` counts begins at the disk's first block.
            .arg(format!("skip={}", at / block))
            .arg(format!("count={}", (at + bytes as u64) / block))
            .arg(format!("if={}", self.path.display()))
            .arg(format!("of={}", out.display())));
        let read = fs::read(&out).expect("qemu-img has just written it");
        fs::remove_file(&out).expect("a file of this test");
        assert_eq!(read.len(), bytes, "qemu-img reads what it is asked for");
        read
    }

    /// Writes into this layer.
    pub fn write(&self, at: u64, bytes: &[u8]) {
        let source = self.path.with_extension("part");
        fs::write(&source, bytes).expect("a folder of this test");
        let said = run(self
            .tools
            .command("qemu-io")
            .args(["-f", "qcow2", "-c"])
            .arg(format!(
                "write -s {} {at} {}",
                source.display(),
                bytes.len()
            ))
            .arg(&self.path));
        fs::remove_file(&source).expect("a file of this test");
        let wrote = format!("wrote {0}/{0} bytes", bytes.len());
        assert!(said.contains(&wrote), "qemu-io: {said}");
    }

    /// Turns one bit over, and nothing else.
    pub fn flip(&self, at: u64) {
        let sector = at - at % gpt::SECTOR;
        let mut bytes = self.read(sector, 512);
        bytes[(at - sector) as usize] ^= 1;
        self.write(sector, &bytes);
    }

    /// Its partitions, as its table has them now.
    pub fn partitions(&self) -> Vec<Partition> {
        gpt::partitions(&self.read(0, gpt::TABLE_BYTES))
    }

    /// The partition of this name.
    pub fn partition(&self, label: &str) -> Partition {
        let all = self.partitions();
        let found = all.iter().find(|partition| partition.label == label);
        found
            .unwrap_or_else(|| panic!("no partition {label} in {all:?}"))
            .clone()
    }
}

//! A small sound image, made here, for defects to be planted in.

use crate::allowed::Allowed;
use crate::cpio;
use crate::image::{Image, Lists};
use crate::pe::Pe;
use crate::tree::{Entry, Kind, Tree};

const RELEASE: &str = "ID=debian\nIMAGE_ID=sealpoint\nIMAGE_VERSION=1\n";
const PROGRAMS: &str = "\
usr/lib/sealpoint/till the till
usr/lib/sealpoint/lane cards
usr/lib/sealpoint/uplink the link
usr/bin/tillctl set-up
usr/lib/systemd/systemd-logind seats
usr/lib/systemd/systemd the first process
";
const SETTINGS: &str = "\
# why
kernel.sysrq = 0
kernel.core_pattern = |/bin/false
fs.suid_dumpable = 0
kernel.yama.ptrace_scope = 3
kernel.kexec_load_disabled = 1
kernel.unprivileged_bpf_disabled = 1
kernel.dmesg_restrict = 1
kernel.kptr_restrict = 2
kernel.perf_event_paranoid = 3
net.core.bpf_jit_harden = 2
fs.protected_hardlinks = 1
fs.protected_symlinks = 1
fs.protected_fifos = 2
fs.protected_regular = 2
dev.tty.ldisc_autoload = 0
net.ipv4.ip_forward = 0
";

/// A 64-bit ELF file of a head alone: no loader, so no program by itself.
pub fn elf(kind: u8, with_loader: bool) -> Vec<u8> {
    let mut bytes = vec![0_u8; 64 + 56];
    bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
    bytes[16] = kind;
    bytes[32] = 64;
    bytes[54] = 56;
    bytes[56] = 1;
    bytes[64] = if with_loader { 3 } else { 1 };
    bytes
}

/// An image before it is put together: everything may still be changed.
pub struct Draft {
    pub root: Tree,
    pub initrd: Vec<(String, u32, Vec<u8>)>,
    pub sections: Vec<(&'static str, Vec<u8>)>,
    pub signed: bool,
    pub lists: Lists,
}

impl Draft {
    pub fn sound() -> Self {
        let list = |text| Allowed::parse(text).expect("a list of the fixture");
        let mut draft = Self {
            root: Tree::default(),
            initrd: vec![],
            sections: vec![],
            signed: true,
            lists: Lists {
                programs: list(PROGRAMS),
                initrd: list("usr/lib/systemd/systemd the first process"),
                units: list("multi-user.target.wants/sealpoint-till.service the till"),
                bus: Allowed::default(),
                command_line: list("ro a\nroothash=* b\nlockdown=confidentiality c"),
            },
        };
        for line in PROGRAMS.lines() {
            let path = line.split(' ').next().expect("a path");
            draft.program(path);
        }
        draft.initrd("usr/lib/systemd/systemd", 0o755, &elf(3, true));
        draft.text(
            "etc/passwd",
            "root:x:0:0:root:/root:/bin/bash\nsealpoint-till:x:900:900::/:/usr/sbin/nologin\n",
        );
        draft.text("etc/shadow", "root:!*:::::::\nsealpoint-till:!*:::::::\n");
        draft.text("etc/os-release", RELEASE);
        draft.text("etc/sealpoint/retailer.pub.toml", "key = \"00\"\n");
        draft.text(
            "usr/share/sealpoint/image.toml",
            "version = \"1\"\nrollback_index = 1\njournal_reads = [1, 2]\n",
        );
        draft.text("usr/lib/sysctl.d/90-sealpoint.conf", SETTINGS);
        draft.text(
            "usr/lib/systemd/system/sealpoint-till.service",
            "[Service]\nExecStart=/usr/lib/sealpoint/till\n",
        );
        draft.text(
            "etc/systemd/logind.conf.d/10-sealpoint.conf",
            "[Login]\nNAutoVTs=0\nReserveVT=0\n",
        );
        draft.text(
            "etc/systemd/system.conf.d/10-sealpoint.conf",
            "[Manager]\nCtrlAltDelBurstAction=none\n",
        );
        draft.text("usr/lib/systemd/system/multi-user.target", "[Unit]\n");
        draft.folder("etc/systemd/system/multi-user.target.wants", 0o755);
        draft.link(
            "etc/systemd/system/multi-user.target.wants/sealpoint-till.service",
            "/usr/lib/systemd/system/sealpoint-till.service",
        );
        draft.link("usr/lib/systemd/system/default.target", "multi-user.target");
        draft.link("etc/systemd/system/ctrl-alt-del.target", "/dev/null");
        draft.link("etc/systemd/system/kbrequest.target", "/dev/null");
        // Masked, so neither a console nor a unit that starts.
        draft.text("usr/lib/systemd/system/getty@.service", "[Service]\n");
        draft.link("etc/systemd/system/getty@.service", "/dev/null");
        draft.link(
            "etc/systemd/system/multi-user.target.wants/getty@tty1.service",
            "/usr/lib/systemd/system/getty@.service",
        );
        draft.text("usr/lib/systemd/system/emergency.service", "[Service]\n");
        draft.text("etc/systemd/system/emergency.service", "[Service]\n");
        draft.text("usr/lib/modules/6/kernel/drivers/usb/usbhid.ko.xz", "");
        draft.folder("tmp", 0o1777);
        draft.sections = vec![
            (".linux", b"kernel".to_vec()),
            (".osrel", RELEASE.into()),
            (
                ".cmdline",
                b"ro lockdown=confidentiality roothash=00\0".to_vec(),
            ),
            (".sbat", b"sbat,1\n".to_vec()),
            (".pcrpkey", b"key".to_vec()),
            (".pcrsig", b"{}".to_vec()),
        ];
        draft
    }

    /// The image, by way of the archive and the kernel image that a real one has.
    pub fn image(self) -> Result<Image, String> {
        let mut sections = self.sections;
        sections.push((".initrd", archive(&self.initrd)));
        let uki = Pe::parse(&kernel_image(&sections, self.signed))?;
        let initrd = cpio::unpack(uki.section(".initrd")?)?;
        Ok(Image {
            root: self.root,
            initrd,
            uki,
            lists: self.lists,
        })
    }

    pub fn file(&mut self, path: &str, mode: u32, bytes: &[u8]) {
        self.put(path, Kind::File, mode, bytes);
    }

    pub fn text(&mut self, path: &str, text: &str) {
        self.file(path, 0o644, text.as_bytes());
    }

    /// Puts one text in another's place, which must be there.
    pub fn change(&mut self, path: &str, old: &str, new: &str) {
        let text = self.root.text(path).expect("a file of the fixture");
        assert!(text.contains(old), "{path} has no {old:?}");
        self.text(path, &text.replace(old, new));
    }

    pub fn program(&mut self, path: &str) {
        self.file(path, 0o755, &elf(3, true));
    }

    pub fn link(&mut self, path: &str, to: &str) {
        self.put(path, Kind::Link(to.to_owned()), 0o777, b"");
    }

    pub fn folder(&mut self, path: &str, mode: u32) {
        self.put(path, Kind::Folder, mode, b"");
    }

    pub fn initrd(&mut self, path: &str, mode: u32, bytes: &[u8]) {
        self.initrd
            .push((path.to_owned(), 0o100_000 | mode, bytes.to_vec()));
    }

    pub fn section(&mut self, name: &str, content: &str) {
        let found = self.sections.iter_mut().find(|(of, _)| *of == name);
        found.expect("a section of the fixture").1 = content.into();
    }

    pub fn put(&mut self, path: &str, kind: Kind, mode: u32, bytes: &[u8]) {
        let entry = Entry::in_memory(kind, mode, 0, 0, bytes.to_vec());
        self.put_entry(path, entry);
    }

    pub fn put_entry(&mut self, path: &str, entry: Entry) {
        self.root.insert(path, entry).expect("a small tree");
        for (at, _) in path.match_indices('/') {
            let folder = &path[..at];
            if self.root.entry(folder).is_none() {
                let entry = Entry::in_memory(Kind::Folder, 0o755, 0, 0, vec![]);
                self.root.insert(folder, entry).expect("a small tree");
            }
        }
    }
}

/// A cpio archive in the "new ASCII" format.
pub fn archive(files: &[(String, u32, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![];
    let end = ("TRAILER!!!".to_owned(), 0, vec![]);
    for (index, (name, mode, data)) in files.iter().chain([&end]).enumerate() {
        let numbers = [
            index,
            *mode as usize,
            0,
            0,
            1,
            0,
            data.len(),
            0,
            0,
            0,
            0,
            name.len() + 1,
            0,
        ];
        bytes.extend(b"070701");
        for number in numbers {
            bytes.extend(format!("{number:08x}").as_bytes());
        }
        bytes.extend(name.as_bytes());
        bytes.push(0);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    bytes
}

/// A PE32+ file of these sections.
pub fn kernel_image(sections: &[(&str, Vec<u8>)], signed: bool) -> Vec<u8> {
    const HEAD: usize = 64;
    const OPTIONAL: usize = 240;
    let mut bytes = vec![0_u8; HEAD + 24 + OPTIONAL + sections.len() * 40];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3c] = HEAD as u8;
    bytes[HEAD..HEAD + 4].copy_from_slice(b"PE\0\0");
    bytes[HEAD + 6] = u8::try_from(sections.len()).expect("few sections");
    bytes[HEAD + 20] = OPTIONAL as u8;
    let optional = HEAD + 24;
    bytes[optional..optional + 2].copy_from_slice(&[0x0b, 0x02]);
    if signed {
        bytes[optional + 112 + 4 * 8 + 4] = 8;
    }
    for (index, (name, content)) in sections.iter().enumerate() {
        let at = optional + OPTIONAL + index * 40;
        let start = bytes.len();
        bytes.extend(content);
        bytes[at..at + name.len()].copy_from_slice(name.as_bytes());
        for (offset, number) in [(8, content.len()), (16, content.len()), (20, start)] {
            let number = u32::try_from(number).expect("a small image");
            bytes[at + offset..at + offset + 4].copy_from_slice(&number.to_le_bytes());
        }
    }
    bytes
}

//! How the machine starts, and how its kernel is set.

use std::fs;

use super::super::places::{Places, names};

/// The UEFI variable `SecureBoot`, of the global vendor (UEFI 2.10 section 3.3).
const SECURE_BOOT: &str =
    "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
/// Bytes of attributes before a variable's value.
const ATTRIBUTES: usize = 4;

/// The machine and its kernel.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Machine {
    /// Whether only signed systems start; `None` if that is not known.
    pub secure_boot: Option<bool>,
    /// Whether it was started by UEFI.
    pub uefi: bool,
    /// The version of its TPM; `None` without one.
    pub tpm: Option<String>,
    /// The kernel's release.
    pub kernel: String,
    /// Its security modules in use; `None` if that cannot be seen.
    pub modules: Option<Vec<String>>,
    /// Its settings, by name under `/proc/sys`; one that is not there is missing.
    pub settings: Vec<(&'static str, i64)>,
    /// What is done with a crashed program's memory.
    pub core_pattern: Option<String>,
    /// `none`, `integrity` or `confidentiality` (kernel_lockdown(7)).
    pub lockdown: Option<String>,
    /// Whether freed memory is wiped by the kernel (`init_on_free=1`).
    pub wipes_freed: Option<bool>,
    /// Whether USB devices are used without being allowed first.
    pub usb_open: Option<bool>,
}

/// Settings that are looked at, under `/proc/sys`.
const SETTINGS: [&str; 8] = [
    "kernel/yama/ptrace_scope",
    "fs/suid_dumpable",
    "kernel/sysrq",
    "kernel/unprivileged_bpf_disabled",
    "kernel/kptr_restrict",
    "kernel/dmesg_restrict",
    "kernel/kexec_load_disabled",
    "kernel/perf_event_paranoid",
];

/// Looks.
pub fn gather(places: &Places) -> Machine {
    let setting = |name: &'static str| {
        let value = places.text(&format!("proc/sys/{name}")).ok()?;
        Some((name, value.parse().ok()?))
    };
    let modules = places.text("sys/kernel/security/lsm").ok();
    let command_line = places.text("proc/cmdline").ok();
    let wipes = |line: String| line.split_whitespace().any(|word| word == "init_on_free=1");
    Machine {
        secure_boot: secure_boot(places),
        uefi: places.path("sys/firmware/efi").exists(),
        tpm: tpm(places),
        kernel: places.text("proc/sys/kernel/osrelease").unwrap_or_default(),
        modules: modules.map(|list| list.split(',').map(str::to_owned).collect()),
        settings: SETTINGS.into_iter().filter_map(setting).collect(),
        core_pattern: places.text("proc/sys/kernel/core_pattern").ok(),
        lockdown: places
            .text("sys/kernel/security/lockdown")
            .ok()
            .and_then(chosen),
        wipes_freed: command_line.map(wipes),
        usb_open: usb_open(places),
    }
}

fn secure_boot(places: &Places) -> Option<bool> {
    let variable = fs::read(places.path(SECURE_BOOT)).ok()?;
    variable.get(ATTRIBUTES).map(|value| *value == 1)
}

fn tpm(places: &Places) -> Option<String> {
    let found = names(&places.path("sys/class/tpm")).ok()?;
    let name = found.iter().find(|name| name.starts_with("tpm"))?;
    let version = places.text(&format!("sys/class/tpm/{name}/tpm_version_major"));
    Some(version.unwrap_or_default())
}

/// The choice in brackets: `none [integrity] confidentiality`.
fn chosen(list: String) -> Option<String> {
    let (_, behind) = list.split_once('[')?;
    let (word, _) = behind.split_once(']')?;
    Some(word.to_owned())
}

/// Whether any USB controller takes what is plugged in (`authorized_default`, 0: nothing).
fn usb_open(places: &Places) -> Option<bool> {
    let devices = names(&places.path("sys/bus/usb/devices")).ok()?;
    let taken = |name: &String| {
        let path = format!("sys/bus/usb/devices/{name}/authorized_default");
        places.text(&path).is_ok_and(|value| value != "0")
    };
    let mut controllers = devices
        .iter()
        .filter(|name| name.starts_with("usb"))
        .peekable();
    controllers.peek()?;
    Some(controllers.any(taken))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn write(root: &Path, path: &str, bytes: &[u8]) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    #[test]
    fn a_machine_with_everything_and_one_with_nothing_are_told_apart() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let nothing = gather(&Places::at(folder.path()));
        assert_eq!(nothing, Machine::default());

        let root = folder.path();
        write(root, SECURE_BOOT, &[6, 0, 0, 0, 1]);
        write(root, "sys/class/tpm/tpm0/tpm_version_major", b"2\n");
        write(root, "sys/kernel/security/lsm", b"lockdown,landlock,yama");
        write(
            root,
            "sys/kernel/security/lockdown",
            b"none [integrity] confidentiality\n",
        );
        write(root, "proc/sys/kernel/yama/ptrace_scope", b"2\n");
        write(root, "proc/sys/kernel/sysrq", b"junk\n");
        write(root, "proc/cmdline", b"root=/dev/x init_on_free=1\n");
        write(root, "sys/bus/usb/devices/usb1/authorized_default", b"0\n");
        write(root, "sys/bus/usb/devices/usb2/authorized_default", b"1\n");
        let found = gather(&Places::at(root));
        assert_eq!((found.secure_boot, found.uefi), (Some(true), true));
        assert_eq!(found.tpm.as_deref(), Some("2"));
        assert!(
            found
                .modules
                .expect("a list")
                .contains(&"landlock".to_owned())
        );
        assert_eq!(found.lockdown.as_deref(), Some("integrity"));
        assert_eq!(found.settings, [("kernel/yama/ptrace_scope", 2)]);
        assert_eq!(
            (found.wipes_freed, found.usb_open),
            (Some(true), Some(true))
        );

        write(root, SECURE_BOOT, &[6, 0, 0, 0, 0]);
        write(root, "sys/bus/usb/devices/usb2/authorized_default", b"0\n");
        let found = gather(&Places::at(root));
        assert_eq!(
            (found.secure_boot, found.usb_open),
            (Some(false), Some(false))
        );
        write(root, SECURE_BOOT, &[6, 0]);
        assert_eq!(gather(&Places::at(root)).secure_boot, None);
    }
}

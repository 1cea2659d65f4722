//! How the machine starts, and how its kernel is set.

use super::super::{
    facts::{Facts, machine::Machine},
    finding::Finding,
    ids::Id,
};

/// A setting, the least value that is strong, and what a weaker one means.
struct Wanted {
    name: &'static str,
    strong: fn(i64) -> bool,
    means: &'static str,
    value: &'static str,
}

const WANTED: [Wanted; 7] = [
    Wanted {
        name: "kernel/yama/ptrace_scope",
        strong: |value| value >= 1,
        means: "a program may look into another one of the same user",
        value: "1, 2 or 3",
    },
    Wanted {
        name: "fs/suid_dumpable",
        strong: |value| value == 0,
        means: "programs that changed their rights may leave their memory on the disk",
        value: "0",
    },
    Wanted {
        name: "kernel/sysrq",
        // 4: keyboard, 16: sync, 128: restart. Neither a dump of tasks nor of memory.
        strong: |value| value & !(4 | 16 | 32 | 128) == 0,
        means: "keys of the keyboard have the kernel show memory or kill programs",
        value: "0 or 176",
    },
    Wanted {
        name: "kernel/unprivileged_bpf_disabled",
        strong: |value| value >= 1,
        means: "every user may load programs into the kernel",
        value: "1 or 2",
    },
    Wanted {
        name: "kernel/kptr_restrict",
        strong: |value| value >= 1,
        means: "every user may see where the kernel lies",
        value: "1 or 2",
    },
    Wanted {
        name: "kernel/dmesg_restrict",
        strong: |value| value >= 1,
        means: "every user may read the kernel's log",
        value: "1",
    },
    Wanted {
        name: "kernel/perf_event_paranoid",
        strong: |value| value >= 2,
        means: "every user may measure what the kernel does",
        value: "2 or 3",
    },
];

/// What stands about the machine.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let machine = &facts.machine;
    let mut found = vec![secure_boot(machine), tpm(machine)];
    if let Some(modules) = &machine.modules {
        if !modules.iter().any(|module| module == "landlock") {
            found.push(Finding::warning(
                Id::LandlockMissing,
                format!("The kernel {} runs without Landlock.", machine.kernel),
                "Start it with `lsm=landlock,...`, or use a kernel that has it: without it a \
                 process is not kept to its files.",
            ));
        }
    } else {
        found.push(Finding::note(
            Id::LandlockUnknown,
            "Which security modules the kernel runs cannot be seen from here.",
            "See what the till's processes say of `files`; they ask the kernel itself.",
        ));
    }
    let before = found.len();
    for wanted in &WANTED {
        let set = machine
            .settings
            .iter()
            .find(|(name, _)| *name == wanted.name);
        if let Some((name, value)) = set
            && !(wanted.strong)(*value)
        {
            let name = name.replace('/', ".");
            found.push(Finding::note(
                Id::KernelSetting,
                format!("{name} is {value}: {}.", wanted.means),
                format!("Set it to {} in /etc/sysctl.d.", wanted.value),
            ));
        }
    }
    others(machine, &mut found);
    if found.len() == before && !machine.settings.is_empty() {
        found.push(Finding::ok(
            Id::KernelStrong,
            format!("The kernel {} is set as it should be.", machine.kernel),
        ));
    }
    found
}

fn secure_boot(machine: &Machine) -> Finding {
    match (machine.secure_boot, machine.uefi) {
        (Some(true), _) => {
            Finding::ok(Id::SecureBootOn, "Only signed systems start (Secure Boot).")
        }
        (Some(false), _) => Finding::warning(
            Id::SecureBootOff,
            "Secure Boot is off: whoever reaches the machine can start his own system on it.",
            "Turn it on in the firmware, and set a password there.",
        ),
        (None, true) => Finding::note(
            Id::SecureBootUnknown,
            "Whether Secure Boot is on cannot be seen: the firmware's variables are not mounted.",
            "Look with `mokutil --sb-state` or `bootctl`.",
        ),
        (None, false) => Finding::note(
            Id::SecureBootUnknown,
            "The machine was not started by UEFI, so there is no Secure Boot.",
            "Keep the machine where nobody can open it; plan one with Secure Boot.",
        ),
    }
}

fn tpm(machine: &Machine) -> Finding {
    match &machine.tpm {
        Some(version) if version.is_empty() => Finding::ok(Id::TpmPresent, "There is a TPM."),
        Some(version) => Finding::ok(Id::TpmPresent, format!("There is a TPM {version}.")),
        None => Finding::note(
            Id::TpmMissing,
            "There is no TPM, so the till's keys cannot be bound to this machine.",
            "Turn it on in the firmware. Without one a stolen disk holds what opens it.",
        ),
    }
}

/// What is no plain number.
fn others(machine: &Machine, found: &mut Vec<Finding>) {
    let keeper = machine.core_pattern.as_deref().and_then(|pattern| {
        let program = pattern.strip_prefix('|')?.split_whitespace().next();
        // A program that keeps nothing is how cores are turned off (core(5)).
        program.filter(|program| !program.ends_with("/false"))
    });
    if let Some(program) = keeper {
        found.push(Finding::note(
            Id::CorePattern,
            format!("A crashed program's memory is handed to {program}."),
            "The till's processes are not dumpable, so theirs is not; others' may be kept on disk.",
        ));
    }
    let mut note = |what: &str, remedy: &str| {
        found.push(Finding::note(Id::KernelSetting, what, remedy));
    };
    if machine.lockdown.as_deref() == Some("none") {
        note(
            "The kernel is not locked down: root can read all memory by way of it.",
            "Start it with `lockdown=confidentiality`.",
        );
    }
    if machine.wipes_freed == Some(false) {
        note(
            "The kernel leaves what was in freed memory until it is used again.",
            "Start it with `init_on_free=1`.",
        );
    }
    if machine.usb_open == Some(true) {
        note(
            "USB takes whatever is plugged in: a second keyboard, a disk, a network card.",
            "Use USBGuard, or start the kernel with `usbcore.authorized_default=2`.",
        );
    }
}

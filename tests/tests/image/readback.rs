//! What the machine says of itself while it runs: the report that it writes into its journal after
//! each start, which a virtual machine also says on its console.

use serde_json::Value;

use crate::office::program;
use crate::till::Till;

/// Findings that must be there, each with what it is about.
const WANTED: &[(&str, &str)] = &[
    ("mode_production", "no protection may be missing"),
    ("secure_boot_on", "only what the builder signed starts"),
    ("tpm_present", "what the keys are bound to"),
    (
        "kernel_strong",
        "lockdown, ptrace, SysRq, core dumps of set-id programs, BPF, addresses, the kernel's log",
    ),
    ("disk_encrypted", "the state's volume"),
    ("swap_safe", "no memory on the disk"),
    (
        "database_key_bound",
        "the journal's key is a system credential",
    ),
    (
        "processes_protected",
        "each process, with each of its protections",
    ),
    (
        "files_private",
        "nobody but their owner reads the till's files",
    ),
    ("no_listener", "no process of the till waits on the network"),
    ("reader_ready", "the reader, and no other device beside it"),
    ("clock_synchronised", "the time is the collector's"),
];
/// Findings that must not be there.
const UNWANTED: &[&str] = &[
    "secure_boot_off",
    "secure_boot_unknown",
    "landlock_missing",
    "kernel_setting",
    "disk_clear",
    "swap_clear",
    "mount_options",
    "database_key_in_file",
    "storage_key_in_file",
    "protection_missing",
    "protection_contradicted",
    "debugger_attached",
    "environment_dirty",
    "library_foreign",
    "process_is_root",
    "process_listens",
    "process_network",
    "other_listener",
    "program_setuid",
    "program_writable",
    "reader_missing",
    "not_seen",
];
/// What each process must have, as the kernel tells it.
const SEEN: &[&str] = &[
    "core_dumps",
    "not_dumpable",
    "no_new_privileges",
    "capabilities",
    "system_calls",
];

#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn the_running_machine_reads_back_what_its_image_promises() {
    let (mut till, _reader) = Till::start_with_reader("readback");
    till.until_ready();
    let report = till
        .machine
        .until("the machine's report on itself", |machine| {
            report_in(&machine.said())
        });
    let pretty = serde_json::to_string_pretty(&report).expect("JSON");
    std::fs::write(
        crate::till::evidence("readback").join("doctor.json"),
        &pretty,
    )
    .expect("a folder of this test");
    let ids = ids(&report);
    for (id, what) in WANTED {
        assert!(ids.contains(id), "{id} ({what}) is missing: {pretty}");
    }
    for id in UNWANTED {
        assert!(!ids.contains(id), "{id}: {pretty}");
    }
    let processes = report["processes"].as_array().expect("a list");
    for name in ["till", "lane", "uplink"] {
        let one = processes.iter().find(|one| one["process"] == name);
        let protections = &one.unwrap_or_else(|| panic!("{name} runs: {pretty}"))["protections"];
        for measure in SEEN {
            assert_eq!(
                protections[measure]["seen"], true,
                "{name}, {measure}: {protections:#}"
            );
        }
    }
}

/// The same eyes see what is wrong with a machine that nobody locked down: this one.
#[test]
fn the_same_report_on_a_machine_that_is_not_locked_down_says_so() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let said = program("tillctl")
        .args(["doctor", "--json", "--state"])
        .arg(folder.path())
        .output()
        .expect("tillctl runs");
    let report: Value = serde_json::from_slice(&said.stdout).expect("JSON");
    let ids = ids(&report);
    assert!(!ids.contains(&"secure_boot_on") || !ids.contains(&"kernel_strong"));
    assert!(!ids.contains(&"processes_protected") || !ids.contains(&"database_key_bound"));
}

#[test]
fn a_report_is_put_together_from_the_lines_of_a_console() {
    let console = "[    1.0] tillctl[7]: {\nnoise\n[    1.1] other[8]: {\n\
                   [    1.2] tillctl[7]:   \"version\": 1\n[    1.2] tillctl[9]: of another\n\
                   [    1.3] tillctl[7]: }\n[    1.4] tillctl[9]: of another\n";
    assert_eq!(
        report_in(console),
        Some(serde_json::json!({ "version": 1 }))
    );
    assert_eq!(report_in(&console.replace("tillctl[7]: }", "")), None);
}

fn ids(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().expect("a list");
    findings
        .iter()
        .filter_map(|one| one["id"].as_str())
        .collect()
}

/// The report among the lines of a console, each behind a time, a name and a number. Other processes
/// of the same name speak in between.
fn report_in(console: &str) -> Option<Value> {
    let said = |line| {
        let (_, rest) = str::split_once(line, "tillctl[")?;
        rest.split_once("]: ")
    };
    let lines = || console.lines().filter_map(said);
    let (reporter, _) = lines().rfind(|(_, text)| text.trim_end() == "{")?;
    let mut report = String::new();
    for (_, text) in lines().filter(|(process, _)| *process == reporter) {
        report += text.trim_end_matches('\r');
        report.push('\n');
    }
    serde_json::from_str(&report).ok()
}

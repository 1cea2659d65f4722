//! Namespaces of a test's own.

use std::process::Command;

/// Set for the test inside.
const INSIDE: &str = "SEALPOINT_INSIDE";

/// How many times as often as in a plain run something is disturbed.
pub fn rounds(plain: usize) -> usize {
    let factor = std::env::var("SEALPOINT_SERVERS").ok();
    plain * factor.and_then(|n| n.parse().ok()).unwrap_or(1).max(1)
}

/// Runs `body`, the test of that name with its module, in network and process namespaces of its
/// own: starts this same test there once more.
pub fn alone(name: &str, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        let up = Command::new("ip")
            .args(["link", "set", "lo", "up"])
            .status();
        assert!(
            up.is_ok_and(|up| up.success()),
            "the loopback of the namespace does not come up: install iproute2"
        );
        return body();
    }
    let mut unshare = Command::new("unshare");
    unshare.args(["--net", "--pid", "--fork", "--kill-child", "--mount-proc"]);
    if !is_root() {
        unshare.args(["--user", "--map-current-user", "--keep-caps"]);
    }
    let status = unshare
        .arg(std::env::current_exe().expect("a running test has a path"))
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1")
        .status()
        .expect("unshare starts: install util-linux");
    assert!(
        status.success(),
        "{name} failed in its namespaces ({status}). As another user than root it needs unprivileged \
         user namespaces."
    );
}

/// Whether this is root, or stands for root in a namespace.
pub fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|about| {
        use std::os::unix::fs::MetadataExt;
        about.uid() == 0
    })
}

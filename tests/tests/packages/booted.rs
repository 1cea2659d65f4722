//! The packaged units under a real systemd: the first process of a Debian that lives in namespaces of
//! its own. What a score promises is seen here: that under all of it the processes still start, are
//! given what they need, and say that each of their own measures holds.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::debian::Debian;
use crate::inside::{is_root, tried};
use crate::made::{NEW, made};

/// Nothing here takes longer unless it is broken.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(200);
/// What each process takes from itself (docs/hardening.md).
const MEASURES: [&str; 11] = [
    "environment",
    "descriptors",
    "umask",
    "core_dumps",
    "not_dumpable",
    "no_new_privileges",
    "capabilities",
    "memory_locked",
    "files",
    "network",
    "system_calls",
];

/// Goes into a control group of its own, by the name in `$1`, which systemd then takes for all there is.
const GROUP: &str = r#"
mount -t cgroup2 cgroup2 "$0/mnt"
mkdir "$0/mnt/$1"
echo $$ > "$0/mnt/$1/cgroup.procs"
umount "$0/mnt"
exec unshare --cgroup sh -ec "$2" "$0"
"#;
/// Takes away what is left of that group.
const UNGROUP: &str = r#"
mount -t cgroup2 cgroup2 /mnt
find "/mnt/$0" -depth -type d -exec rmdir {} +
"#;
/// Gives systemd what a machine would: control groups, devices, an empty /run. The shop has no udev,
/// network or console of its own.
const BOOT: &str = r#"
T=$0
mount --bind "$T" "$T"
mount -t proc proc "$T/proc"
mount -t sysfs sysfs "$T/sys"
mount -t cgroup2 cgroup2 "$T/sys/fs/cgroup"
mount -t tmpfs tmpfs "$T/run"
mount -t tmpfs tmpfs "$T/dev"
for device in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0"; do
    set -- $device
    mknod -m 666 "$T/dev/$1" c "$2" "$3"
done
mkdir "$T/dev/pts" "$T/dev/shm" "$T/dev/mqueue"
ln -s pts/ptmx "$T/dev/ptmx"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$T/dev/pts"
ip link set lo up
cd "$T"
pivot_root . mnt
umount -l /mnt
# Credentials reach a unit by a mount that is passed on.
mount --make-rshared /
exec env -i container=other PATH=/usr/sbin:/usr/bin /usr/lib/systemd/systemd \
    --log-target=null --show-status=0
"#;

/// A Debian that runs.
struct Booted {
    outer: Child,
    first: u32,
}

impl Drop for Booted {
    fn drop(&mut self) {
        // With the first process of a namespace all others end.
        let _ = Command::new("kill")
            .args(["-KILL", &self.first.to_string()])
            .status();
        let _ = self.outer.kill();
        let _ = self.outer.wait();
        let _ = Command::new("unshare")
            .args(["--mount", "sh", "-ec", UNGROUP, &group()])
            .status();
    }
}

/// This test's own control group.
fn group() -> String {
    format!("sealpoint-packages-{}", std::process::id())
}

impl Booted {
    fn boot(debian: &Debian) -> Self {
        let outer = Command::new("unshare")
            .args(["--mount", "--pid", "--fork", "--kill-child"])
            .args(["--net", "--uts", "--ipc", "sh", "-ec", GROUP])
            .arg(debian.root())
            .args([&group(), BOOT])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("unshare starts");
        let children = format!("/proc/{0}/task/{0}/children", outer.id());
        let first = until("the namespaces are there", || {
            let said = std::fs::read_to_string(&children).ok()?;
            said.split_whitespace().next()?.parse().ok()
        });
        let booted = Self { outer, first };
        until("systemd has started what there is", || {
            let (_, said) = booted.tries("systemctl is-system-running");
            ["running", "degraded"]
                .iter()
                .any(|state| said.contains(state))
                .then_some(())
        });
        booted
    }

    fn tries(&self, script: &str) -> (bool, String) {
        let mut enter = Command::new("nsenter");
        enter.args(["--all", "--target", &self.first.to_string()]);
        tried(enter.args(["sh", "-ec", script]))
    }

    fn script(&self, script: &str) -> String {
        let (well, said) = self.tries(script);
        assert!(well, "{script}: {said}");
        said
    }

    /// Connects as the till does, and gives the log of what begins with that.
    fn greeted_by(&self, process: &str) -> String {
        let path = format!("/proc/{}/root/run/sealpoint-{process}.sock", self.first);
        let mut socket = UnixStream::connect(path).expect("systemd listens");
        socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let mut hello = [0; 64];
        let bytes = socket.read(&mut hello).expect("the process answers");
        let log = self.script(&format!(
            "journalctl --sync; journalctl --no-pager --output=cat --unit='sealpoint-{process}@*'"
        ));
        assert!(bytes > 0, "{process} says nothing: {log}");
        log
    }
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "in vain: {what}");
        sleep(LOOK);
    }
}

/// A Debian with the package, set up but for the shop's signature, which has tests of its own.
fn set_up() -> (Debian, Booted) {
    let debian = Debian::fresh("trixie");
    debian.install(&made().package("sealpoint-till", NEW));
    debian.script(
        "systemctl mask systemd-networkd.service systemd-udevd.service console-getty.service; \
         rm -f /etc/machine-id; systemd-machine-id-setup",
    );
    let booted = Booted::boot(&debian);
    booted.script(
        "cd /run/sealpoint/site; \
         printf 'SEALPOINT_TERMINAL=T0000042\\nSEALPOINT_READER=pcsc\\n\
                 SEALPOINT_COLLECTOR=https://collector.example:8443\\n' > till.env; \
         printf '192.0.2.2 collector.example\\n' > hosts; \
         for key in db.key lane.key; do \
             head -c 32 /dev/urandom | systemd-creds encrypt --with-key=host --name=$key - \
                 /var/lib/sealpoint/credentials/$key; \
         done; \
         systemctl start sealpoint-firewall.service sealpoint-lane.socket sealpoint-uplink.socket",
    );
    let profile = crate::inside::root().join("src/emv/profiles/demo-offline.toml");
    let profile = std::fs::read_to_string(profile).expect("a profile of the bench");
    debian.write("root/profile.toml", &profile);
    booted.script("cp /root/profile.toml /run/sealpoint/site/; chmod 644 /run/sealpoint/site/*");
    (debian, booted)
}

#[test]
fn under_their_units_lane_and_uplink_are_protected_whole() {
    if !is_root() {
        println!("Only root may give a systemd control groups of its own: not tried.");
        return;
    }
    let (_debian, booted) = set_up();
    for process in ["lane", "uplink"] {
        let log = booted.greeted_by(process);
        for measure in MEASURES {
            let said =
                format!("\"process\":\"{process}\",\"measure\":\"{measure}\",\"reach\":\"full\"");
            assert!(log.contains(&said), "{process} {measure}: {log}");
        }
    }
    // The firewall was loaded by a user who is not root.
    let rules = booted.script("nft list table inet sealpoint");
    assert!(rules.contains("policy drop"), "{rules}");
    // The lane may ask the card service, and reads its key: neither is complained of.
    let log = booted.script("journalctl --no-pager --output=cat --unit='sealpoint-lane@*'");
    assert!(!log.contains("may not use the card service"), "{log}");
    assert!(!log.contains("left out: /run/credentials"), "{log}");
}

#[test]
fn a_unit_that_takes_too_much_is_noticed() {
    if !is_root() {
        println!("Only root may give a systemd control groups of its own: not tried.");
        return;
    }
    let (_debian, booted) = set_up();
    // Without this the lane cannot keep card numbers out of the swap, and does not start.
    booted.script(
        "mkdir -p /run/systemd/system/sealpoint-lane@.service.d; \
         printf '[Service]\\nLimitMEMLOCK=64K\\n' \
             > /run/systemd/system/sealpoint-lane@.service.d/less.conf; \
         systemctl daemon-reload",
    );
    let log = booted.greeted_by("lane");
    assert!(log.contains("lane does not start in production"), "{log}");
}

#[test]
fn whoever_is_not_the_till_has_no_lane() {
    if !is_root() {
        println!("Only root may give a systemd control groups of its own: not tried.");
        return;
    }
    let (_debian, booted) = set_up();
    let connect = "perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); \
         connect(S, sockaddr_un(\"/run/sealpoint-lane.sock\")) or exit 7'";
    for (user, may) in [
        ("sealpoint-till", true),
        ("sealpoint-uplink", false),
        ("nobody", false),
    ] {
        let (well, _) = booted.tries(&format!(
            "setpriv --reuid={user} --regid=nogroup --clear-groups {connect}"
        ));
        assert_eq!(well, may, "{user}");
    }
}

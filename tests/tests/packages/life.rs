//! Install, upgrade, remove, purge: what is there afterwards, and that no sale is lost on the way.

use crate::debian::Debian;
use crate::made::{NEW, OLD, made};
use crate::till::{FULL, Till, queue};

/// Debian 12 and 13.
const RELEASES: [&str; 2] = ["bookworm", "trixie"];

#[test]
fn a_full_queue_outlives_every_step_of_a_package_on_debian_12() {
    a_full_queue_outlives_every_step(RELEASES[0]);
}

#[test]
fn a_full_queue_outlives_every_step_of_a_package_on_debian_13() {
    a_full_queue_outlives_every_step(RELEASES[1]);
}

fn a_full_queue_outlives_every_step(release: &str) {
    let made = made();
    let debian = Debian::fresh(release);
    debian.install(&made.package("sealpoint-till", OLD));
    Till::set_up(&debian);
    let mut till = Till::start(&debian);
    till.sell(FULL);
    // At this many records a till takes no more cards; cash goes on.
    let full = till.scan();
    assert_eq!(full["queue"]["count"], FULL, "{full}");
    till.pay();
    let before = queue(&debian);
    assert!(before.len() as u64 > FULL, "{}", before.len());

    // With a customer at the till, which goes on as if nothing had been.
    till.scan();
    let said = debian.install(&made.package("sealpoint-till", NEW));
    assert!(!said.contains("rror"), "{said}");
    till.pay();
    till.end();
    let after = queue(&debian);
    assert_eq!(after[..before.len()], before);
    assert!(after.len() > before.len());

    // The new one reads what the old one wrote, and goes on in it.
    let version = debian.script("dpkg-query -W -f='${Version}' sealpoint-till");
    assert_eq!(version, NEW);
    let mut till = Till::start(&debian);
    till.sell(1);
    till.end();
    let sold = queue(&debian);
    assert_eq!(sold[..after.len()], after);
    assert!(sold.len() > after.len());

    debian.script("dpkg --remove sealpoint-till");
    assert!(!debian.root().join("usr/lib/sealpoint/till").exists());
    assert_eq!(queue(&debian), sold);

    let said = debian.script("dpkg --purge sealpoint-till");
    assert!(
        said.contains("journal is kept in /var/lib/sealpoint/till"),
        "{said}"
    );
    assert_eq!(queue(&debian), sold);

    // And a till that is installed anew finds its sales.
    debian.install(&made.package("sealpoint-till", NEW));
    let mut till = Till::start(&debian);
    till.sell(1);
    till.end();
    assert_eq!(queue(&debian)[..sold.len()], sold);
}

#[test]
fn installing_starts_and_enables_nothing() {
    let made = made();
    let debian = Debian::fresh(RELEASES[0]);
    debian.install(&made.package("sealpoint-till", NEW));
    debian.install(&made.package("sealpoint-collector", NEW));
    let enabled = debian.script(
        "find /etc/systemd/system /run/systemd/system -type l -name 'sealpoint*' 2>/dev/null || true",
    );
    assert_eq!(enabled, "");
    // Who sets a till up needs one line.
    debian.script("systemctl enable sealpoint-till.service");
    let enabled = debian.script("find /etc/systemd/system -type l -name 'sealpoint*' | sort");
    for unit in [
        "sockets.target.wants/sealpoint-lane.socket",
        "sockets.target.wants/sealpoint-uplink.socket",
        "sysinit.target.wants/sealpoint-firewall.service",
        "multi-user.target.wants/sealpoint-till.service",
    ] {
        assert!(enabled.contains(unit), "{unit}: {enabled}");
    }
}

#[test]
fn each_process_has_its_own_files_and_no_others() {
    let made = made();
    let debian = Debian::fresh(RELEASES[0]);
    debian.install(&made.package("sealpoint-till", NEW));
    let modes =
        debian.script("cd /var/lib/sealpoint; find . -mindepth 1 -printf '%m %u %p\\n' | sort -k3");
    let expected = [
        "700 root ./credentials",
        "755 sealpoint-site ./site",
        "711 sealpoint-till ./till",
        "700 sealpoint-lane ./till/lane",
        "700 sealpoint-uplink ./till/uplink",
        "755 root ./update",
        "750 sealpoint-uplink ./update/incoming",
        "700 root ./update/spool",
    ];
    assert_eq!(modes.lines().collect::<Vec<_>>(), expected);
    debian.script("echo secret > /var/lib/sealpoint/till/lane/key");
    for (user, may) in [
        ("sealpoint-till", false),
        ("sealpoint-uplink", false),
        ("root", true),
    ] {
        let (well, _) = debian.tries(&format!(
            "setpriv --reuid={user} --regid=nogroup --clear-groups cat /var/lib/sealpoint/till/lane/key"
        ));
        assert_eq!(well, may, "{user}");
    }
    // Nothing of ours runs as somebody else than who starts it.
    let odd = debian.script(
        "dpkg -L sealpoint-till | while read f; do find \"$f\" -maxdepth 0 -perm /6000; done",
    );
    assert_eq!(odd, "");
}

#[test]
fn a_till_that_never_sold_is_purged_whole() {
    let made = made();
    let debian = Debian::fresh(RELEASES[0]);
    debian.install(&made.package("sealpoint-till", NEW));
    debian.script("dpkg --purge sealpoint-till");
    assert!(!debian.root().join("var/lib/sealpoint").exists());
    let left = debian.script("find /etc /usr/lib /usr/share -name '*sealpoint*' || true");
    assert_eq!(left, "");
}

#[test]
fn a_queue_that_is_gone_is_noticed() {
    let made = made();
    let debian = Debian::fresh(RELEASES[0]);
    debian.install(&made.package("sealpoint-till", NEW));
    Till::set_up(&debian);
    let mut till = Till::start(&debian);
    till.sell(2);
    till.end();
    let before = queue(&debian);
    // As a package would that deletes what it made.
    debian.script("rm -r /var/lib/sealpoint/till/journal.db*");
    debian.script("dpkg --remove sealpoint-till");
    debian.install(&made.package("sealpoint-till", NEW));
    let mut till = Till::start(&debian);
    till.sell(1);
    till.end();
    assert_ne!(queue(&debian)[..1], before[..1]);
}

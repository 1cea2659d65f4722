//! The firewall, with packets: a till and a shop's network, each a network namespace, joined by a
//! cable. Real users of the till try to get out, machines of the shop try to get in.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use sealpoint_tests::child::Running;

use crate::inside::{packaging, run, tried, unshare};

/// Set for the test inside.
const INSIDE: &str = "SEALPOINT_PACKAGES_INSIDE";
/// A packet that was dropped is never answered: after this long nobody waits on, seconds.
const PATIENCE_S: &str = "2";

const TILL_4: &str = "192.0.2.1";
const TILL_6: &str = "2001:db8::1";
const COLLECTOR_4: &str = "192.0.2.2";
const COLLECTOR_6: &str = "2001:db8::2";
const STRANGER_4: &str = "192.0.2.3";
const PORT: u16 = 8443;
const OTHER_PORT: u16 = 8444;

const UPLINK: u32 = 932;
/// Everybody else on a till, root first.
const OTHERS: [u32; 5] = [0, 930, 931, 934, 935];

/// The till's namespace, which lives as long as this.
struct Till {
    keeper: Running,
}

impl Till {
    /// A till with this firewall, on a cable to this namespace, which is the shop.
    fn plugged_in(rules: &str) -> Self {
        let mut keeper = Running::spawn(
            Command::new("unshare")
                .args(["--net", "sh", "-c", "echo up; exec sleep 600"])
                .stdout(Stdio::piped()),
        );
        let mut up = [0; 3];
        let said = keeper.0.stdout.as_mut().expect("it is piped");
        said.read_exact(&mut up).expect("the namespace is there");
        let till = Self { keeper };
        let pid = till.keeper.pid();
        shell(&format!(
            "ip link add shop type veth peer name till && ip link set till netns {pid} && \
             ip link set lo up && ip link set shop up && \
             ip addr add {COLLECTOR_4}/24 dev shop && ip addr add {STRANGER_4}/24 dev shop && \
             ip addr add {COLLECTOR_6}/64 dev shop nodad"
        ));
        till.root(&format!(
            "ip link set lo up && ip link set till up && ip addr add {TILL_4}/24 dev till && \
             ip addr add {TILL_6}/64 dev till nodad"
        ));
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("sealpoint.nft");
        fs::write(&path, rules).expect("a file in it");
        till.root(&format!("nft --file {}", path.display()));
        till
    }

    fn command(&self, user: u32, script: &str) -> Command {
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--net=/proc/{}/ns/net", self.keeper.pid()))
            .args(["setpriv", "--clear-groups"])
            .arg(format!("--reuid={user}"))
            .arg(format!("--regid={user}"))
            .args(["bash", "-c", script]);
        command
    }

    fn root(&self, script: &str) -> String {
        run(&mut self.command(0, script))
    }

    /// Whether this user's packets reach a TCP port there.
    fn reaches(&self, user: u32, host: &str, port: u16) -> bool {
        let script = connect(host, port);
        tried(&mut self.command(user, &script)).0
    }

    fn knows_its_collector(&self) {
        self.root(&format!(
            "nft add element inet sealpoint collector4 '{{ {COLLECTOR_4} . {PORT} }}' && \
             nft add element inet sealpoint collector6 '{{ {COLLECTOR_6} . {PORT} }}'"
        ));
    }

    /// How many packets a counter has counted.
    fn counted(&self, counter: &str) -> u64 {
        let said = self.root(&format!("nft list counter inet sealpoint {counter}"));
        let after = said.split("packets ").nth(1).unwrap_or_default();
        let digits = after.split(' ').next().unwrap_or_default();
        digits.parse().unwrap_or_else(|_| panic!("{said}"))
    }
}

fn connect(host: &str, port: u16) -> String {
    format!("timeout {PATIENCE_S} bash -c '</dev/tcp/{host}/{port}' 2>&1")
}

fn shell(script: &str) {
    run(Command::new("sh").args(["-c", script]));
}

/// Starts a program that says `up` when it listens.
fn listening(till: &Till, python: &str) -> Running {
    let script = format!("exec python3 -c '{python}'");
    let mut server = Running::spawn(till.command(0, &script).stdout(Stdio::piped()));
    let mut up = [0; 3];
    let said = server.0.stdout.as_mut().expect("it is piped");
    said.read_exact(&mut up).expect("it listens");
    server
}

/// Runs `body`, the test of that name, in a network of its own and with a till's users.
fn in_a_shop(name: &str, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return body();
    }
    let users = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(users.path().join("etc")).expect("a folder in it");
    let list = users.path().join("users.conf");
    let text = fs::read_to_string(packaging("sysusers.d/sealpoint-till.conf")).expect("the list");
    // systemd's own package makes this one.
    fs::write(
        &list,
        text + "u systemd-network 998 \"Network\"\nu root 0 \"\" /root\n",
    )
    .expect("a file");
    let mut sysusers = Command::new("systemd-sysusers");
    run(sysusers.arg("--root").arg(users.path()).arg(&list));
    let etc = |name: &str| users.path().join("etc").join(name).display().to_string();
    let again = format!(
        "mount --bind {} /etc/passwd && mount --bind {} /etc/group && exec \"$@\"",
        etc("passwd"),
        etc("group")
    );
    let exe = std::env::current_exe().expect("a running test has a path");
    let mut inside = unshare(&[
        "--net",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
    ]);
    inside.args(["sh", "-c", &again, "sh"]).arg(exe);
    let said = run(inside
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1"));
    assert!(said.contains("1 passed"), "{name} did not run: {said}");
}

fn rules() -> String {
    fs::read_to_string(packaging("nftables/sealpoint.nft")).expect("the firewall")
}

/// The shop's machines, which listen.
fn shop() -> Vec<TcpListener> {
    [
        (COLLECTOR_4, PORT),
        (COLLECTOR_4, OTHER_PORT),
        (STRANGER_4, PORT),
        (COLLECTOR_6, PORT),
        (COLLECTOR_6, OTHER_PORT),
    ]
    .iter()
    .map(|address| TcpListener::bind(address).expect("an address of this namespace"))
    .collect()
}

#[test]
fn the_uplink_reaches_its_collector_and_nothing_else() {
    in_a_shop(
        "firewall::the_uplink_reaches_its_collector_and_nothing_else",
        || {
            let till = Till::plugged_in(&rules());
            let _listening = shop();
            // Before the shop's settings are there, nothing leaves.
            assert!(!till.reaches(UPLINK, COLLECTOR_4, PORT));
            assert!(!till.reaches(UPLINK, COLLECTOR_6, PORT));
            till.knows_its_collector();
            assert!(till.reaches(UPLINK, COLLECTOR_4, PORT));
            assert!(till.reaches(UPLINK, COLLECTOR_6, PORT));
            let before = till.counted("refused_out");
            assert!(!till.reaches(UPLINK, COLLECTOR_4, OTHER_PORT));
            assert!(!till.reaches(UPLINK, STRANGER_4, PORT));
            assert!(!till.reaches(UPLINK, COLLECTOR_6, OTHER_PORT));
            // Nor a name server, which would carry words out.
            let asked = format!("echo x >/dev/udp/{COLLECTOR_4}/53");
            assert!(!tried(&mut till.command(UPLINK, &asked)).0);
            assert!(till.counted("refused_out") >= before + 4);
        },
    );
}

#[test]
fn nobody_else_on_a_till_has_a_network_root_neither() {
    in_a_shop(
        "firewall::nobody_else_on_a_till_has_a_network_root_neither",
        || {
            let till = Till::plugged_in(&rules());
            let _listening = shop();
            till.knows_its_collector();
            for user in OTHERS {
                let before = till.counted("refused_out");
                assert!(!till.reaches(user, COLLECTOR_4, PORT), "user {user}");
                assert!(till.counted("refused_out") > before, "user {user}");
            }
            assert!(!till.reaches(0, COLLECTOR_6, PORT));
            let asked = format!("echo x >/dev/udp/{COLLECTOR_4}/53");
            assert!(!tried(&mut till.command(0, &asked)).0);
            // The machine may speak to itself.
            till.root("ping -c 1 -W 2 127.0.0.1 || (exec 3<>/dev/udp/127.0.0.1/9)");
        },
    );
}

#[test]
fn nothing_comes_in() {
    in_a_shop("firewall::nothing_comes_in", || {
        let till = Till::plugged_in(&rules());
        till.knows_its_collector();
        let _server = listening(
            &till,
            "import socket; \
             s = socket.create_server((\"::\", 8080), family=socket.AF_INET6, dualstack_ipv6=True); \
             print(\"up\", flush=True); s.accept()",
        );
        for host in [TILL_4, TILL_6] {
            let before = till.counted("refused_in");
            let mut knock = Command::new("bash");
            let (well, _) = tried(knock.args(["-c", &connect(host, 8080)]));
            assert!(!well, "{host}");
            assert!(till.counted("refused_in") > before, "{host}");
        }
        // The same listener is there for whoever comes without a firewall.
        till.root("nft delete table inet sealpoint");
        let mut knock = Command::new("bash");
        run(knock.args(["-c", &connect(TILL_4, 8080)]));
    });
}

#[test]
fn not_even_a_packet_that_wants_no_answer_comes_in() {
    in_a_shop(
        "firewall::not_even_a_packet_that_wants_no_answer_comes_in",
        || {
            let till = Till::plugged_in(&rules());
            let mut server = listening(
                &till,
                "import socket; \
                 s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((\"\", 8081)); \
                 print(\"up\", flush=True); print(s.recv(100).decode(), flush=True)",
            );
            shell(&format!(
                "echo -n before | bash -c 'cat >/dev/udp/{TILL_4}/8081'"
            ));
            till.root("nft delete table inet sealpoint");
            shell(&format!(
                "echo -n after | bash -c 'cat >/dev/udp/{TILL_4}/8081'"
            ));
            let mut heard = String::new();
            let said = server.0.stdout.as_mut().expect("it is piped");
            said.read_to_string(&mut heard).expect("it ends");
            // The first packet that it heard is the one without a firewall.
            assert_eq!(heard.trim(), "after");
            server.0.wait().expect("it ends");
        },
    );
}

#[test]
fn without_the_match_of_the_user_others_get_out() {
    in_a_shop(
        "firewall::without_the_match_of_the_user_others_get_out",
        || {
            let weak = rules().replace("meta skuid \"sealpoint-uplink\" ", "");
            assert_ne!(weak, rules());
            let till = Till::plugged_in(&weak);
            let _listening = shop();
            till.knows_its_collector();
            assert!(till.reaches(930, COLLECTOR_4, PORT));
        },
    );
}

#[test]
fn the_same_rules_load_twice_and_forget_the_collector() {
    in_a_shop(
        "firewall::the_same_rules_load_twice_and_forget_the_collector",
        || {
            let till = Till::plugged_in(&rules());
            let _listening = shop();
            till.knows_its_collector();
            assert!(till.reaches(UPLINK, COLLECTOR_4, PORT));
            till.root(&format!(
                "nft --file {}",
                show(&packaging("nftables/sealpoint.nft"))
            ));
            assert!(!till.reaches(UPLINK, COLLECTOR_4, PORT));
        },
    );
}

fn show(path: &Path) -> String {
    path.display().to_string()
}

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use sealpoint_acquirer::authorisation;

use crate::rig::{Charge, Folder, Line8583};

/// How long the program may take to write its port file.
const START: Duration = Duration::from_secs(30);

fn hostsim(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hostsim"));
    command.args(arguments).env_remove("SEALPOINT_LOG");
    command
}

fn refused(arguments: &[&str]) -> String {
    let Output { status, stderr, .. } = hostsim(arguments).output().expect("the program runs");
    let text = String::from_utf8(stderr).expect("text");
    assert_eq!(status.code(), Some(2), "{text}");
    assert_eq!(text.lines().count(), 1, "one sentence: {text}");
    text
}

/// A running program, killed with SIGKILL when dropped.
struct Program(Child);

impl Program {
    fn serve(dir: &Path) -> (Self, SocketAddr) {
        Self::serve_from(dir, hostsim(&[]))
    }

    /// No file may grow beyond 1,024 bytes, as on a full disk.
    fn serve_on_full_disk(dir: &Path) -> (Self, SocketAddr) {
        let mut shell = Command::new("bash");
        shell
            .args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\""])
            .arg(env!("CARGO_BIN_EXE_hostsim"));
        Self::serve_from(dir, shell)
    }

    fn serve_from(dir: &Path, mut program: Command) -> (Self, SocketAddr) {
        let (port_file, control) = (dir.join("port"), dir.join("control"));
        fs::remove_file(&port_file).ok();
        let child = program
            .args(["serve", "--listen", "127.0.0.1:0", "--dir", text(dir)])
            .args(["--port-file", text(&port_file), "--control", text(&control)])
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs");
        let program = Self(child);
        let begun = Instant::now();
        let addr = loop {
            match fs::read_to_string(&port_file) {
                Ok(addr) => break addr.trim().parse().expect("an address"),
                Err(_) => assert!(begun.elapsed() < START, "no port file"),
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        (program, addr)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already, which its test notices.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary paths are text")
}

#[test]
fn keys_are_made_once_and_never_overwritten() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (host, public) = (
        dir.path().join("host"),
        dir.path().join("acquirer.pub.toml"),
    );
    let keys = ["keys", "--dir", text(&host), "--public-out", text(&public)];
    let made = hostsim(&keys).output().expect("the program runs");
    assert!(made.status.success());
    let key_id = String::from_utf8(made.stdout).expect("text");
    assert!(key_id.starts_with("demo-"), "{key_id}");
    for private in ["acquirer.key.toml", "issuer.toml"] {
        let about = fs::metadata(host.join(private)).expect("made");
        assert_eq!(about.permissions().mode() & 0o777, 0o600, "{private}");
    }
    let before = fs::read(&public).expect("made");
    assert!(refused(&keys).contains("exists already"));
    assert_eq!(fs::read(&public).expect("still there"), before);

    fs::remove_file(&public).expect("removed");
    assert!(
        hostsim(&keys)
            .output()
            .expect("the program runs")
            .status
            .success()
    );
    assert_eq!(
        fs::read(&public).expect("made"),
        before,
        "the same key for another till"
    );
}

#[test]
fn what_the_operator_can_put_right_is_said_in_one_sentence() {
    let folder = Folder::new();
    let dir = text(folder.path());
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = taken.local_addr().expect("bound").to_string();
    let said = refused(&["serve", "--listen", &addr, "--dir", dir]);
    assert_eq!(
        said.trim_end(),
        format!(
            "hostsim: {addr} is taken by another program; stop that one or choose another port"
        )
    );
    let nowhere = folder.path().join("nowhere");
    assert!(refused(&["serve", "--dir", text(&nowhere)]).contains("hostsim keys"));
    let key = folder.path().join("acquirer.key.toml");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("ours");
    assert!(refused(&["serve", "--dir", dir]).contains("chmod 600"));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("ours");
    let secret = fs::read_to_string(&key).expect("a key");
    fs::write(&key, secret.replace("demo-", "demo-0")).expect("written");
    let said = refused(&["serve", "--dir", dir]);
    assert!(said.contains("not a private key file"), "{said}");
}

#[test]
fn an_answer_outlives_a_killed_host() {
    let folder = Folder::new();
    let request = folder.request(&Charge::numbered(1));
    let first = {
        let (_program, addr) = Program::serve(folder.path());
        Line8583::to(addr).authorise(&request)
    };
    let (_program, addr) = Program::serve(folder.path());
    assert_eq!(Line8583::to(addr).authorise(&request), first);
}

#[test]
fn a_host_that_cannot_write_decides_nothing() {
    let folder = Folder::new();
    {
        let host = folder.start();
        let mut line = Line8583::to(host.addr());
        for number in 1..=4 {
            line.authorise(&folder.request(&Charge::numbered(number)));
        }
    }
    let before = fs::read(folder.ledger_file()).expect("a ledger");
    assert!(before.len() > 1024, "longer than the limit");
    let request = folder.request(&Charge::numbered(5));
    {
        let (_program, addr) = Program::serve_on_full_disk(folder.path());
        let mut line = Line8583::to(addr);
        assert_eq!(line.authorise(&request).response_code, "96");
        assert!(!line.reverse(&request, false).is_reversed());
        assert_eq!(fs::read(folder.ledger_file()).expect("a ledger"), before);
    }
    let host = folder.start();
    assert_eq!(
        Line8583::to(host.addr()).authorise(&request).response_code,
        "00"
    );
    assert_eq!(host.captured(), 5);
}

#[test]
fn the_control_socket_changes_how_the_host_answers() {
    let folder = Folder::new();
    let (_program, addr) = Program::serve(folder.path());
    let control = UnixStream::connect(folder.path().join("control")).expect("a control socket");
    let mut answers = BufReader::new(control.try_clone().expect("a socket")).lines();
    let mut say = |line: &str| {
        writeln!(&control, "{line}").expect("written");
        answers.next().expect("an answer").expect("text")
    };
    assert_eq!(
        say(r#"{"answer":"drop-answer"}"#),
        r#"{"answer":"drop-answer","approvals":0,"captured":0,"alarms":0}"#
    );
    let request = folder.request(&Charge::numbered(1));
    let mut line = Line8583::to(addr);
    line.send(&authorisation(&request).expect("an ordinary request"));
    assert!(line.reverse(&request, false).is_reversed());
    assert_eq!(
        say(r#"{"state":true}"#),
        r#"{"answer":"drop-answer","approvals":1,"captured":0,"alarms":0}"#
    );
    for wrong in [
        "",
        "{}",
        r#"{"answer":"loud"}"#,
        r#"{"answer":"silent","more":1}"#,
        "nonsense",
    ] {
        assert!(
            say(wrong).starts_with(r#"{"error":"not understood"#),
            "{wrong}"
        );
    }
}

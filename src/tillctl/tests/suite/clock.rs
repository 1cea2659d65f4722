//! `tillctl clock`, with the test as the uplink and as the collector. The program runs without the
//! right to set a clock: this machine's stays as it is, and a step that was decided is seen by the
//! kernel's refusal.

use std::{
    fs::{self, File},
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::PathBuf,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use jiff::Timestamp;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{pki_types::PrivateKeyDer, sign::SigningKey};
use sealpoint_tls::{
    Groups, provider,
    signed_time::{Nonce, sign},
};
use sealpoint_wire::{
    Bytes,
    clock::{ClockAnswer, ClockQuestion, ClockWord, MAX_CLOCK_FRAME},
    frame,
};
use tempfile::TempDir;

use crate::{
    bench::{Ran, folder},
    keys::office::text,
};

const NAME: &str = "collector.example";
const MINUTE_MS: i64 = 60_000;

/// A certificate with its key, of a CA.
struct Server {
    certificate: Vec<u8>,
    key: Arc<dyn SigningKey>,
}

/// A CA, a collector, and what the clock remembers.
struct Bench {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
    collector: Server,
}

fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

fn server(issuer: &Issuer<'static, KeyPair>, name: &str, until: i32) -> Server {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, issuer).expect("signed");
    let der = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let loaded = provider(Groups::Hybrid)
        .key_provider
        .load_private_key(der)
        .expect("a key that signs");
    Server {
        certificate: certificate.der().to_vec(),
        key: loaded,
    }
}

fn authority() -> (Issuer<'static, KeyPair>, String) {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let pem = params.self_signed(&key).expect("a CA").pem();
    (Issuer::new(params, key), pem)
}

impl Bench {
    fn new() -> Self {
        let folder = folder();
        let (issuer, pem) = authority();
        fs::write(folder.path().join("ca.pem"), pem).expect("written");
        for name in ["state", "run"] {
            fs::create_dir(folder.path().join(name)).expect("made");
        }
        // Its floor is the time when it was built: here long ago.
        let program = folder.path().join("tillctl");
        fs::copy(env!("CARGO_BIN_EXE_tillctl"), &program).expect("copied");
        let built = UNIX_EPOCH + Duration::from_secs(1_600_000_000);
        let file = File::options().write(true).open(&program).expect("opened");
        file.set_modified(built).expect("its own");
        let collector = server(&issuer, NAME, 2090);
        Self {
            folder,
            issuer,
            collector,
        }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn remembers(&self, name: &str) -> bool {
        self.at(name).exists()
    }

    /// What the collector answers.
    fn answer(&self, nonce: &Nonce, at_ms: i64) -> ClockAnswer {
        signed(&self.collector, nonce, at_ms)
    }

    /// The program, and what `uplink` makes of its question; the program's last word.
    fn run(
        &self,
        more: &[&str],
        uplink: impl FnOnce(Nonce) -> Option<ClockAnswer>,
    ) -> (Ran, Option<ClockWord>) {
        let (mut ours, theirs) = UnixStream::pair().expect("a pair");
        let (ca, state, run) = (self.at("ca.pem"), self.at("state"), self.at("run"));
        let child = Command::new("setpriv")
            .args(["--bounding-set=-sys_time", "--inh-caps=-sys_time", "--"])
            .arg(self.at("tillctl"))
            .args(["clock", "set", "--ca", text(&ca), "--name", NAME])
            .args(["--state", text(&state), "--run", text(&run)])
            .args(more)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("setpriv runs");
        let question: ClockQuestion = frame::read_at_most(&mut ours, MAX_CLOCK_FRAME)
            .expect("a frame")
            .expect("a question");
        let word = uplink(question.nonce.parse().expect("a nonce")).and_then(|answer| {
            frame::write(&mut ours, &answer).expect("it listens");
            frame::read_at_most(&mut ours, MAX_CLOCK_FRAME).expect("a frame")
        });
        drop(ours);
        let output = child.wait_with_output().expect("our child");
        let ran = Ran {
            code: output.status.code().expect("it ends by itself"),
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
        };
        (ran, word)
    }
}

fn signed(by: &Server, nonce: &Nonce, at_ms: i64) -> ClockAnswer {
    let signature = sign(&*by.key, nonce, at_ms).expect("signed");
    ClockAnswer {
        at_ms,
        signature: Bytes::try_from(signature).expect("short"),
        certificate: Bytes::try_from(by.certificate.clone()).expect("short"),
        took_ms: 0,
    }
}

#[test]
fn a_clock_that_is_right_is_kept_and_the_time_is_remembered() {
    let bench = Bench::new();
    let (ran, word) = bench.run(&[], |nonce| Some(bench.answer(&nonce, now_ms())));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(matches!(word, Some(ClockWord::Kept { .. })), "{word:?}");
    assert!(bench.remembers("run/set"));
    let proved = fs::read_to_string(bench.at("state/proved")).expect("remembered");
    let proved: i64 = proved.trim().parse().expect("a time");
    assert!((now_ms() - proved).abs() < MINUTE_MS);
}

#[test]
fn what_the_collector_did_not_sign_for_this_question_proves_nothing() {
    let bench = Bench::new();
    let (stranger, _) = authority();
    let stranger = server(&stranger, NAME, 2090);
    let another = server(&bench.issuer, "till.example", 2090);
    let expired = server(&bench.issuer, NAME, 2021);
    let other_nonce = Nonce::generate().expect("random bytes");
    type Made<'a> = Box<dyn FnOnce(Nonce) -> Option<ClockAnswer> + 'a>;
    let cases: Vec<(&str, Made<'_>)> = vec![
        (
            "replayed",
            Box::new(|_| Some(bench.answer(&other_nonce, now_ms()))),
        ),
        (
            "another time",
            Box::new(|nonce| {
                let answer = bench.answer(&nonce, now_ms());
                Some(ClockAnswer {
                    at_ms: answer.at_ms + 1,
                    ..answer
                })
            }),
        ),
        (
            "another CA",
            Box::new(|nonce| Some(signed(&stranger, &nonce, now_ms()))),
        ),
        (
            "another name",
            Box::new(|nonce| Some(signed(&another, &nonce, now_ms()))),
        ),
        (
            "expired",
            Box::new(|nonce| Some(signed(&expired, &nonce, now_ms()))),
        ),
        (
            "another's certificate",
            Box::new(|nonce| {
                let answer = signed(&stranger, &nonce, now_ms());
                let certificate = bench.answer(&nonce, 0).certificate;
                Some(ClockAnswer {
                    certificate,
                    ..answer
                })
            }),
        ),
        (
            "no signature",
            Box::new(|nonce| {
                let answer = bench.answer(&nonce, now_ms());
                Some(ClockAnswer {
                    signature: Bytes::default(),
                    ..answer
                })
            }),
        ),
        (
            "no certificate",
            Box::new(|nonce| {
                let answer = bench.answer(&nonce, now_ms());
                Some(ClockAnswer {
                    certificate: Bytes::default(),
                    ..answer
                })
            }),
        ),
        (
            "before all time",
            Box::new(|nonce| Some(bench.answer(&nonce, i64::MIN))),
        ),
        (
            "after all time",
            Box::new(|nonce| Some(bench.answer(&nonce, i64::MAX))),
        ),
        ("hung up", Box::new(|_| None)),
    ];
    for (name, made) in cases {
        let hung_up = name == "hung up";
        let (ran, word) = bench.run(&[], made);
        assert_eq!(ran.code, 112, "{name}: {}{}", ran.out, ran.err);
        assert_eq!(ran.out, "", "{name}");
        let told = matches!(word, Some(ClockWord::Refused { .. }));
        assert!(told || hung_up, "{name}: {word:?}");
        assert!(!bench.remembers("run/set"), "{name}");
        assert!(!bench.remembers("state/proved"), "{name}");
    }
}

#[test]
fn a_clock_is_set_once_however_far_and_then_never_back() {
    let bench = Bench::new();
    let year = 365 * 24 * 60 * MINUTE_MS;
    // The first time since the machine started: the kernel alone says no here.
    for offset in [year, -2 * MINUTE_MS] {
        let (ran, _) = bench.run(&[], |nonce| Some(bench.answer(&nonce, now_ms() + offset)));
        assert_eq!(ran.code, 113, "{}", ran.err);
        assert!(ran.err.contains("kernel does not let"), "{}", ran.err);
        assert!(
            !bench.remembers("run/set"),
            "what was not done is not remembered"
        );
    }
    fs::write(bench.at("run/set"), "").expect("written");
    for (offset, told) in [
        (2 * MINUTE_MS, "kernel does not let"),
        (year, "ahead of this till's"),
        (-2 * MINUTE_MS, "and it sells"),
    ] {
        let (ran, _) = bench.run(&[], |nonce| Some(bench.answer(&nonce, now_ms() + offset)));
        assert_eq!(ran.code, 113, "{}", ran.err);
        assert!(ran.err.contains(told), "{offset}: {}", ran.err);
    }
}

#[test]
fn time_is_never_before_what_was_proved_or_signed() {
    let bench = Bench::new();
    let proved = format!("{}\n", now_ms() + MINUTE_MS);
    fs::write(bench.at("state/proved"), proved).expect("written");
    let (ran, word) = bench.run(&[], |nonce| Some(bench.answer(&nonce, now_ms())));
    assert_eq!(ran.code, 113, "{}", ran.err);
    assert!(ran.err.contains("behind what was proved"), "{}", ran.err);
    assert!(matches!(word, Some(ClockWord::Refused { .. })), "{word:?}");
    fs::remove_file(bench.at("state/proved")).expect("there");
    let signed = (Timestamp::now() + Duration::from_secs(60)).to_string();
    let (ran, _) = bench.run(&["--not-before", &signed], |nonce| {
        Some(bench.answer(&nonce, now_ms()))
    });
    assert_eq!(ran.code, 113, "{}", ran.err);
    assert!(ran.err.contains("behind what was proved"), "{}", ran.err);
}

#[test]
fn a_clock_before_its_floor_is_lifted_to_it_and_no_other() {
    let bench = Bench::new();
    let floor = || {
        let (state, run) = (bench.at("state"), bench.at("run"));
        let output = Command::new("setpriv")
            .args(["--bounding-set=-sys_time", "--inh-caps=-sys_time", "--"])
            .arg(bench.at("tillctl"))
            .args([
                "clock",
                "floor",
                "--state",
                text(&state),
                "--run",
                text(&run),
            ])
            .output()
            .expect("setpriv runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    assert_eq!(floor().0, Some(0));
    let later = format!("{}\n", now_ms() + 60 * MINUTE_MS);
    fs::write(bench.at("state/proved"), later).expect("written");
    let (code, told) = floor();
    assert_eq!(code, Some(113), "{told}");
    assert!(told.contains("kernel does not let"), "{told}");
}

//! A machine that is switched on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sealpoint_tests::child::Running;
use serde_json::{Value, json};

use super::cable::Cable;
use super::firmware;
use super::keyboard::Chord;
use super::qmp::Qmp;
use super::screen::Screen;
use super::state::State;
use super::wait::within;

/// A boot takes about a minute on two free processors; others may want them as well.
const PATIENCE: Duration = Duration::from_secs(600);
/// How many lines of the logs are shown when something went wrong.
const LAST_LINES: usize = 25;
/// Keys that come faster than this are a scanner's, and a till takes them for that.
const BY_HAND: Duration = Duration::from_millis(120);

/// What a test adds to a machine.
#[derive(Default)]
pub struct Extra {
    /// Words for QEMU.
    pub words: Vec<String>,
}

impl Extra {
    /// A text in the machine's SMBIOS tables, where whoever can write its firmware's settings puts
    /// what systemd is to take for its own (systemd-stub(7), systemd.system-credentials(7)).
    pub fn smbios(text: &str) -> Self {
        Self {
            words: vec!["-smbios".to_owned(), format!("type=11,value={text}")],
        }
    }
}

/// A running machine. Switched off, like at the plug, when it is dropped.
pub struct Machine {
    // In this order: a TPM outlives the machine that it is in.
    qmp: Qmp,
    qemu: Running,
    _tpm: Running,
    folder: PathBuf,
    evidence: PathBuf,
    pictures: usize,
}

impl Machine {
    /// Switches a machine on. What it says and shows is kept in `evidence`.
    pub fn start(state: &State, evidence: &Path, extra: &Extra) -> Self {
        fs::create_dir_all(evidence).expect("a folder in the target folder");
        let (tools, folder) = (state.tools(), state.folder().to_path_buf());
        for log in [
            "console.log",
            "serial.log",
            "net.pcap",
            "qemu.log",
            "tpm.log",
        ] {
            let _ = fs::remove_file(evidence.join(log));
        }
        let socket = folder.join("tpm.sock");
        let _ = fs::remove_file(&socket);
        let mut swtpm = tools.command("swtpm");
        swtpm
            .args(["socket", "--tpm2", "--tpmstate"])
            .arg(format!("dir={}", state.tpm().display()))
            .arg("--ctrl")
            .arg(format!("type=unixio,path={}", socket.display()));
        let tpm = Running::start(&mut swtpm, &evidence.join("tpm.log"));
        within(PATIENCE, || socket.exists().then_some(())).expect("the TPM listens");
        let _ = fs::remove_file(folder.join("cable.sock"));
        let control = folder.join("qmp.sock");
        let _ = fs::remove_file(&control);
        let mut qemu = tools.command("qemu-system-x86_64");
        words(&mut qemu, state, evidence);
        qemu.args(&extra.words).args(network(state, evidence));
        let qemu = Running::start(&mut qemu, &evidence.join("qemu.log"));
        let qmp = Qmp::connect(&control);
        Self {
            qmp,
            qemu,
            _tpm: tpm,
            folder,
            evidence: evidence.to_path_buf(),
            pictures: 0,
        }
    }

    /// Everything that the machine has said on its consoles.
    pub fn said(&self) -> String {
        let mut said = String::new();
        for log in ["serial.log", "console.log"] {
            let bytes = fs::read(self.evidence.join(log)).unwrap_or_default();
            said += &String::from_utf8_lossy(&bytes);
            said.push('\n');
        }
        said
    }

    /// Waits until the machine says this on a console.
    pub fn wait_for(&mut self, text: &str) {
        self.wait_for_any(&[text]);
    }

    /// Waits until the machine says one of these, and says which.
    pub fn wait_for_any(&mut self, texts: &[&str]) -> usize {
        let what = texts.join("\" or \"");
        self.until(&format!("\"{what}\" on a console"), |machine| {
            let said = machine.said();
            texts.iter().position(|text| said.contains(text))
        })
    }

    /// Waits until something can be seen.
    pub fn until<T>(&mut self, what: &str, mut ask: impl FnMut(&mut Self) -> Option<T>) -> T {
        let found = within(PATIENCE, || {
            // First, for a machine that has switched itself off has still said what it said.
            let ended = self.qemu.ended();
            let answer = ask(self);
            if let (None, Some(status)) = (&answer, ended) {
                panic!(
                    "QEMU ended ({status}) before {what}:\n{}",
                    self.last_lines()
                );
            }
            answer
        });
        found.unwrap_or_else(|| {
            self.keep_picture("not-in-time");
            panic!("not in time: {what}\n{}", self.last_lines())
        })
    }

    /// Waits until the machine has switched itself off.
    pub fn until_off(&mut self) {
        let off = within(PATIENCE, || self.qemu.ended());
        assert!(off.is_some_and(|status| status.success()), "{off:?}");
    }

    /// Whether QEMU told of this event since it was last asked.
    pub fn happened(&mut self, event: &str) -> bool {
        self.qmp.happened(event)
    }

    /// Presses keys together and lets them go, at a hand's pace.
    pub fn press(&mut self, chord: &Chord) {
        for events in [chord.down(), chord.up()] {
            self.qmp
                .ask("input-send-event", &json!({ "events": events }));
            // Not to wait for something: so fast types a hand.
            std::thread::sleep(BY_HAND / 2);
        }
    }

    /// Types digits and Enter (`\n`), at a hand's pace.
    pub fn type_in(&mut self, text: &str) {
        for letter in text.chars() {
            self.press(&Chord::letter(letter));
        }
    }

    /// What is on the screen now.
    pub fn screen(&mut self) -> Screen {
        let file = self.folder.join("screen.ppm");
        self.qmp.ask("screendump", &json!({ "filename": file }));
        let ppm = fs::read(&file).expect("QEMU has just written it");
        Screen::read(&ppm).expect("QEMU writes a PPM")
    }

    /// Keeps a picture of the screen as evidence.
    pub fn keep_picture(&mut self, name: &str) -> Screen {
        self.pictures += 1;
        let file = self
            .evidence
            .join(format!("{:02}-{name}.png", self.pictures));
        self.qmp
            .ask("screendump", &json!({ "filename": file, "format": "png" }));
        self.screen()
    }

    /// Something else that QEMU can do.
    ///
    /// # Errors
    /// QEMU's own words.
    pub fn ask(&mut self, what: &str, with: &Value) -> Result<Value, String> {
        self.qmp.try_ask(what, with)
    }

    /// Pulls the plug, and waits until what the disk was given is in its file.
    pub fn unplug(mut self) {
        let _ = self.qmp.try_ask("quit", &json!({}));
        within(PATIENCE, || self.qemu.ended()).expect("QEMU ends when it is told to");
    }

    /// The frames that came and went, as Ethernet has them.
    pub fn frames(&self) -> Vec<u8> {
        fs::read(self.evidence.join("net.pcap")).unwrap_or_default()
    }

    /// A new file of zeros, of so many bytes, that is gone with the machine's folder.
    pub fn scratch_file(&self, name: &str, bytes: u64) -> PathBuf {
        let path = self.folder.join(name);
        let file = fs::File::create(&path).expect("a folder of this test");
        file.set_len(bytes).expect("a sparse file");
        path
    }

    /// A cable of one's own into the machine's segment.
    pub fn cable(&self) -> Cable {
        Cable::plug_in(&self.folder.join("cable.sock"))
    }

    fn last_lines(&self) -> String {
        let mut said = self.said();
        for log in ["qemu.log", "tpm.log"] {
            said += &fs::read_to_string(self.evidence.join(log)).unwrap_or_default();
        }
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
    }
}

/// The machine itself: a small till with two cores, a TPM, a keyboard and a pointer over USB.
fn words(qemu: &mut Command, state: &State, evidence: &Path) {
    let tools = state.tools();
    for folder in ["qemu", "seabios"] {
        qemu.arg("-L")
            .arg(tools.file(&format!("usr/share/{folder}")));
    }
    let file = |path: &Path| path.display().to_string();
    let log = |name: &str| {
        format!(
            "file,id={name},path={}",
            file(&evidence.join(format!("{name}.log")))
        )
    };
    let code = format!(
        "if=pflash,format=raw,unit=0,readonly=on,file={}",
        file(&tools.file(firmware::CODE))
    );
    let vars = format!("if=pflash,format=raw,unit=1,file={}", file(&state.vars()));
    let disk = format!(
        "if=none,id=disk,format=qcow2,cache=writeback,discard=unmap,file={}",
        file(&state.disk_file())
    );
    let tpm = format!(
        "socket,id=tpm,path={}",
        file(&state.folder().join("tpm.sock"))
    );
    let qmp = format!(
        "unix:{},server=on,wait=off",
        file(&state.folder().join("qmp.sock"))
    );
    let mut pair = |word: &str, value: &str| {
        qemu.arg(format!("-{word}")).arg(value);
    };
    pair("name", "till");
    pair("uuid", "5ea1b017-0000-4000-8000-000000000012");
    // Without the old keyboard's port, so that the one keyboard there is comes over USB.
    pair("machine", "q35,smm=on,i8042=off");
    pair("accel", "tcg,thread=multi");
    pair("cpu", "max");
    pair("smp", "2");
    pair("m", "1024");
    pair("global", "driver=cfi.pflash01,property=secure,value=on");
    pair("drive", &code);
    pair("drive", &vars);
    pair("drive", &disk);
    pair(
        "device",
        "virtio-blk-pci,drive=disk,bootindex=0,serial=till",
    );
    pair("chardev", &tpm);
    pair("tpmdev", "emulator,id=tpm0,chardev=tpm");
    pair("device", "tpm-crb,tpmdev=tpm0");
    pair("device", "virtio-vga,xres=1024,yres=768");
    pair("device", "qemu-xhci,id=usb");
    pair("device", "usb-kbd,id=keyboard,bus=usb.0,port=1");
    pair("device", "usb-tablet,bus=usb.0,port=2");
    pair("chardev", &log("serial"));
    pair("serial", "chardev:serial");
    pair("chardev", &log("console"));
    pair("device", "virtio-serial-pci");
    pair("device", "virtconsole,chardev=console");
    pair("object", "rng-random,id=rng,filename=/dev/urandom");
    pair("device", "virtio-rng-pci,rng=rng");
    pair("rtc", "base=utc");
    pair("qmp", &qmp);
    pair("display", "none");
    qemu.args(["-nodefaults", "-no-user-config"]);
}

/// A segment with the machine, a small router behind which is the host's loopback, and a socket for
/// whoever else wants to be on it; all frames are kept.
fn network(state: &State, evidence: &Path) -> Vec<String> {
    let socket = format!(
        "stream,id=other,server=on,addr.type=unix,addr.path={}",
        state.folder().join("cable.sock").display()
    );
    let dump = format!(
        "filter-dump,id=dump,netdev=machine,file={}",
        evidence.join("net.pcap").display()
    );
    [
        "-netdev",
        "user,id=router,ipv4=on,ipv6=on",
        "-netdev",
        &socket,
        "-netdev",
        "hubport,id=port0,hubid=0,netdev=router",
        "-netdev",
        "hubport,id=port1,hubid=0,netdev=other",
        "-netdev",
        "hubport,id=machine,hubid=0",
        "-device",
        "virtio-net-pci,netdev=machine,romfile=,mac=52:54:00:5e:a1:01",
        "-object",
        &dump,
    ]
    .map(str::to_owned)
    .to_vec()
}

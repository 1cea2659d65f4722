//! Starting and driving the processes. Everything started is stopped when the shop is dropped.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use sealpoint_tests::built::program;
use sealpoint_tests::child::{Running, run};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Nothing here takes longer than this unless it is broken.
const PATIENCE: Duration = Duration::from_secs(150);

/// Where the lane of a shop finds its cards.
pub enum Reader {
    /// The demo's virtual reader.
    Virtual,
    /// Real `pcscd`, in the private namespaces that this process runs in.
    Pcsc,
}

/// The host, the collector and the cards around a till, and a folder that holds everything.
pub struct Shop {
    pub folder: TempDir,
    collector: Option<Running>,
    host: Option<Running>,
    _cards: Running,
    collector_port: u16,
    pages_port: u16,
    host_port: u16,
}

impl Shop {
    pub fn open(reader: &Reader) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("shop")
            .tempdir()
            .expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("till/lane")).expect("a folder in a temporary folder");
        run(Command::new(program("hostsim"))
            .args(["keys", "--dir"])
            .arg(at("host"))
            .arg("--public-out")
            .arg(at("till/lane/acquirer.pub.toml")));
        run(Command::new(program("collector"))
            .args(["ca", "--tls"])
            .arg(at("tls")));
        run(Command::new(program("collector"))
            .args(["enrol", "--terminal", "T0000001", "--tls"])
            .arg(at("tls"))
            .arg("--out")
            .arg(at("till/uplink")));
        let cards = match reader {
            Reader::Virtual => Running::spawn(
                Command::new(program("cardsim"))
                    .args(["reader", "--socket"])
                    .arg(at("reader.sock"))
                    .arg("--control")
                    .arg(at("cards.sock"))
                    .arg("--issuer")
                    .arg(at("host/issuer.toml"))
                    .stdout(log(&at("cardsim.out")))
                    .stderr(log(&at("cardsim.log"))),
            ),
            Reader::Pcsc => Running::spawn(
                Command::new(program("cardsim"))
                    .args(["vpcd", "--control"])
                    .arg(at("cards.sock"))
                    .arg("--issuer")
                    .arg(at("host/issuer.toml"))
                    .stdout(log(&at("cardsim.out")))
                    .stderr(log(&at("cardsim.log"))),
            ),
        };
        until(|| at("cards.sock").exists());
        let mut shop = Self {
            folder,
            collector: None,
            host: None,
            _cards: cards,
            collector_port: 0,
            pages_port: 0,
            host_port: 0,
        };
        shop.start_host();
        shop.start_collector();
        let lane = match reader {
            Reader::Virtual => format!("virtual:{}", shop.at("reader.sock").display()),
            Reader::Pcsc => "pcsc".to_owned(),
        };
        let config = format!(
            "store = \"Test Market\"\ncashier = \"Kim\"\nmark = \"TEST\"\nreader = \"{lane}\"\n\
             collector = \"https://127.0.0.1:{}\"\nreceipts = \"files\"\ndemo_cards = \"{}\"\n\
             insert_timeout_s = 8\n",
            shop.collector_port,
            shop.at("cards.sock").display()
        );
        fs::write(shop.at("till/till.toml"), config).expect("a file in a temporary folder");
        shop
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the acquirer, or starts it again where it was: it goes on where its ledger ends.
    pub fn start_host(&mut self) {
        let port_file = self.at("host.port");
        let _ = fs::remove_file(&port_file);
        self.host = Some(Running::spawn(
            Command::new(program("hostsim"))
                .args([
                    "serve",
                    "--listen",
                    &format!("127.0.0.1:{}", self.host_port),
                    "--dir",
                ])
                .arg(self.at("host"))
                .arg("--control")
                .arg(self.at("host.control"))
                .arg("--port-file")
                .arg(&port_file)
                .stderr(log(&self.at("hostsim.log"))),
        ));
        self.host_port = port_in(&port_file);
    }

    /// SIGKILL.
    pub fn kill_host(&mut self) {
        self.host = None;
    }

    pub fn start_collector(&mut self) {
        let (port_file, pages_file) = (self.at("collector.port"), self.at("pages.port"));
        let _ = fs::remove_file(&port_file);
        let _ = fs::remove_file(&pages_file);
        let store = format!("sqlite:{}", self.at("collector.db").display());
        self.collector = Some(Running::spawn(
            Command::new(program("collector"))
                .args(["--listen", &format!("127.0.0.1:{}", self.collector_port)])
                .args(["--store", &store, "--tls"])
                .arg(self.at("tls"))
                .args(["--acquirer", &format!("127.0.0.1:{}", self.host_port)])
                .args([
                    "--pages",
                    &format!("127.0.0.1:{}", self.pages_port),
                    "--port-file",
                ])
                .arg(&port_file)
                .arg("--pages-port-file")
                .arg(&pages_file)
                .stderr(log(&self.at("collector.log"))),
        ));
        self.collector_port = port_in(&port_file);
        self.pages_port = port_in(&pages_file);
    }

    /// SIGKILL: the network is gone and nothing was said.
    pub fn kill_collector(&mut self) {
        self.collector = None;
    }

    /// What the collector holds of the till.
    pub fn summary(&self) -> Value {
        let body = http_get(self.pages_port, "/summary.json");
        let summary: Value = serde_json::from_str(&body).expect("the summary is JSON");
        summary["terminals"].get(0).cloned().unwrap_or_default()
    }

    /// Changes how the acquirer answers: `normal`, `silent`, `drop-answer`, ...
    pub fn host_answers(&self, how: &str) {
        ask(&self.at("host.control"), &json!({ "answer": how }));
    }

    /// Attempts that the acquirer has captured and not reversed.
    pub fn captured(&self) -> u64 {
        ask(&self.at("host.control"), &json!({ "state": true }))["captured"]
            .as_u64()
            .expect("a count")
    }

    pub fn collector_url(&self) -> String {
        format!("https://127.0.0.1:{}", self.collector_port)
    }

    pub fn till(&self) -> Till {
        Till::start(&self.at("till"), &[])
    }

    /// A till whose credentials the system put into that folder.
    pub fn till_with_credentials(&self, folder: &Path) -> Till {
        let mut command = Command::new(program("till"));
        Till::run(
            command.env("CREDENTIALS_DIRECTORY", folder),
            &self.at("till"),
            &[],
        )
    }
}

/// A running `till --stdio`.
pub struct Till {
    pub process: Running,
    input: Option<ChildStdin>,
    output: Receiver<Value>,
    asked: u64,
    pub view: Value,
    /// Every sale that the till said was paid, by receipt number: what no crash may lose.
    pub paid: BTreeMap<u64, Value>,
}

impl Till {
    pub fn start(state: &Path, more: &[&str]) -> Self {
        Self::run(&mut Command::new(program("till")), state, more)
    }

    /// A till that is started by this command, which ends with the program's name.
    pub fn run(command: &mut Command, state: &Path, more: &[&str]) -> Self {
        let mut process = Running::spawn(
            command
                .arg("--stdio")
                .arg("--state")
                .arg(state)
                .args(more)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(log(&state.with_extension("log"))),
        );
        let input = process.0.stdin.take();
        let out = process.0.stdout.take().expect("standard output is piped");
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut out = BufReader::new(out);
            let mut line = Vec::new();
            // A till that is killed may leave half a line behind.
            while out.read_until(b'\n', &mut line).is_ok() && line.ends_with(b"\n") {
                let value = serde_json::from_slice(&line).expect("each line of the till is JSON");
                if sender.send(value).is_err() {
                    return;
                }
                line.clear();
            }
        });
        Self {
            process,
            input,
            output,
            asked: 0,
            view: Value::Null,
            paid: BTreeMap::new(),
        }
    }

    /// Sends a line as it stands.
    pub fn write(&mut self, line: &str) {
        let input = self.input.as_mut().expect("the till's input is open");
        writeln!(input, "{line}").expect("the till reads its input");
    }

    /// The next thing that the till says.
    pub fn next(&mut self) -> Value {
        let said = self
            .output
            .recv_timeout(PATIENCE)
            .expect("the till answers");
        self.note(&said);
        said
    }

    fn note(&mut self, said: &Value) {
        if let Some(receipt_no) = said["paid"]["receipt_no"].as_u64() {
            self.paid.insert(receipt_no, said["paid"].clone());
        }
    }

    /// Sends an action and gives the id that its answer will carry.
    pub fn ask(&mut self, mut action: Value) -> Value {
        self.asked += 1;
        action["id"] = json!(format!("t{}", self.asked));
        self.write(&action.to_string());
        action["id"].clone()
    }

    /// The view that answers the action with this id.
    pub fn answer(&mut self, id: &Value) -> Value {
        loop {
            let said = self.next();
            if said["reply_to"] == *id {
                assert_eq!(said["type"], "view", "{id} was refused: {}", said["text"]);
                self.view = said.clone();
                return said;
            }
        }
    }

    /// Does an action and gives the view that answers it.
    pub fn act(&mut self, action: Value) -> Value {
        let id = self.ask(action);
        self.answer(&id)
    }

    /// Waits until `what` holds.
    pub fn wait(&mut self, what: &str) -> Value {
        let view = self.act(json!({ "do": "wait", "until": what, "timeout_ms": 120_000 }));
        let holds = match what {
            "no_card" => view["card"].is_null() || !view["question"].is_null(),
            "question" => !view["question"].is_null(),
            "choice" => view["card"]["choices"].is_array(),
            "link_up" => view["link"]["state"] == "up",
            "link_down" => view["link"]["state"] == "down",
            "drained" => {
                let untold = view["offline"]["taken_count"].as_u64().unwrap_or_default();
                view["queue"]["count"] == 0 && view["reversals_due"] == 0 && untold == 0
            }
            "reader" => view["reader"]["state"] != "missing",
            other => panic!("the rig does not know how to wait for {other}"),
        };
        assert!(
            holds,
            "waited two minutes for {what}: link {}, queue {}, reader {}, notice {}",
            view["link"], view["queue"], view["reader"], view["notice"]
        );
        view
    }

    /// Ready for cards: reader there, collector answering.
    pub fn wait_for_cards(&mut self) {
        self.wait("link_up");
        self.wait("reader");
    }

    pub fn scan(&mut self, code: &str) -> Value {
        self.act(json!({ "do": "scan", "code": code }))
    }

    /// Pays what is due with one of the demo's cards, put in while the till asks for it and taken
    /// out afterwards. Gives the view when the attempt is over.
    pub fn pay_by_card(&mut self, card: &str) -> Value {
        let view = self.act(json!({ "do": "card" }));
        assert_eq!(
            view["pane"], "card",
            "the till does not ask for a card: {}",
            view["notice"]
        );
        self.act(json!({ "do": "demo", "insert": card }));
        let mut view = self.wait("no_card");
        // Customers here pay the same with the same card all day.
        if view["question"]["ask"] == "charge_twice" {
            self.act(json!({ "do": "answer", "yes": true }));
            view = self.wait("no_card");
        }
        self.take_card_out();
        view
    }

    /// Takes the card out and waits until the reader has seen it go.
    pub fn take_card_out(&mut self) {
        self.act(json!({ "do": "demo" }));
        let until = Instant::now() + PATIENCE;
        while self.act(json!({ "do": "view" }))["reader"]["state"] != "ready" {
            assert!(
                Instant::now() < until,
                "the reader does not see the card go: {}",
                self.view["reader"]
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends standard input and waits until the till has ended by itself.
    pub fn close(mut self) {
        drop(self.input.take());
        let status = self.process.0.wait().expect("a child can be waited for");
        assert!(status.success(), "the till ended with {status}");
    }

    /// SIGKILL. What the till had said until then is heard first: every sale that it called paid.
    pub fn kill(mut self) -> BTreeMap<u64, Value> {
        self.process.kill();
        while let Ok(said) = self.output.recv() {
            self.note(&said);
        }
        self.paid
    }

    /// The child with this name, if it runs at the moment.
    pub fn child(&self, name: &str) -> Option<u32> {
        let parent = self.process.pid().to_string();
        let children = fs::read_dir("/proc")
            .expect("/proc")
            .filter_map(Result::ok)
            .filter(|entry| {
                let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
                let after_name = stat
                    .rsplit_once(')')
                    .map(|(_, rest)| rest.to_owned())
                    .unwrap_or_default();
                stat.contains(&format!("({name})"))
                    && after_name.split_whitespace().nth(1) == Some(&parent)
            });
        let pids: Vec<_> = children
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect();
        assert!(pids.len() <= 1, "one {name} runs under the till");
        pids.first().copied()
    }

    /// Sends SIGKILL to the child with this name, if it runs at the moment.
    pub fn kill_child(&self, name: &str) -> bool {
        self.signal_child(name, "KILL")
    }

    /// Sends a signal to the child with this name, if it runs at the moment.
    pub fn signal_child(&self, name: &str, signal: &str) -> bool {
        self.child(name).is_some_and(|pid| {
            Command::new("kill")
                .args([&format!("-{signal}"), &pid.to_string()])
                .status()
                .is_ok_and(|status| status.success())
        })
    }
}

/// Asserts the code of the notice in a view.
#[track_caller]
pub fn assert_says(view: &Value, code: &str) {
    assert_eq!(
        view["notice"]["code"], code,
        "the till says {}",
        view["notice"]
    );
}

/// One line of JSON to a control socket, and the answer.
pub fn ask(socket: &Path, question: &Value) -> Value {
    let mut socket = UnixStream::connect(socket).expect("the control socket listens");
    socket
        .set_read_timeout(Some(PATIENCE))
        .expect("a time-out can be set");
    writeln!(socket, "{question}").expect("the control socket reads");
    let mut line = String::new();
    BufReader::new(socket)
        .read_line(&mut line)
        .expect("the control socket answers");
    serde_json::from_str(&line).expect("the answer is JSON")
}

fn http_get(port: u16, path: &str) -> String {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).expect("the pages listen");
    socket
        .set_read_timeout(Some(PATIENCE))
        .expect("a time-out can be set");
    write!(
        socket,
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    )
    .expect("the pages read");
    let mut answer = String::new();
    socket
        .read_to_string(&mut answer)
        .expect("the pages answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
    body.to_owned()
}

fn port_in(file: &Path) -> u16 {
    let mut port = None;
    until(|| {
        port = fs::read_to_string(file)
            .ok()
            .and_then(|text| text.trim().rsplit_once(':')?.1.parse().ok());
        port.is_some()
    });
    port.expect("it was just found")
}

fn until(mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(
            Instant::now() < end,
            "waited too long for a program to start"
        );
        thread::sleep(Duration::from_millis(5));
    }
}

pub fn log(path: &Path) -> Stdio {
    let file = fs::OpenOptions::new().create(true).append(true).open(path);
    Stdio::from(file.expect("a log file in a temporary folder"))
}

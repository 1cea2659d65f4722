//! `cargo xtask sbom` over stand-ins for programs and packages of this machine.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use sealpoint_tests::built::program;
use serde_json::{Value, json};
use tempfile::TempDir;

/// 2026-01-01, so that the document does not depend on the clone.
const EPOCH: &str = "1767225600";

/// A folder with stand-ins: what they are made of, Cargo says, not the file.
pub struct Rig {
    folder: TempDir,
}

impl Rig {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for program in ["tillctl", "uplink"] {
            fs::write(folder.path().join(program), program).expect("a file in our folder");
        }
        let fields = "${Package}\t${Version}\t${Architecture}\t${source:Package}\t\
                      ${source:Version}\t${Depends}\t${Pre-Depends}\n";
        let list = dpkg_query(fields);
        fs::write(folder.path().join("packages.tsv"), list).expect("a file in our folder");
        Self { folder }
    }

    /// The document as text.
    pub fn text(&self) -> String {
        let out = self.folder.path().join("sbom.cdx.json");
        let said = self.run(&["tillctl", "uplink"], &out);
        let why = String::from_utf8_lossy(&said.stderr);
        assert!(said.status.success(), "{why}");
        fs::read_to_string(out).expect("the document was written")
    }

    pub fn document(&self) -> Value {
        serde_json::from_str(&self.text()).expect("the document is JSON")
    }

    /// Why it refuses these programs.
    pub fn refusal(&self, programs: &[&str]) -> String {
        let said = self.run(programs, &self.folder.path().join("none.json"));
        assert!(!said.status.success());
        String::from_utf8_lossy(&said.stderr).into_owned()
    }

    /// Changes a stand-in.
    pub fn change(&self, program: &str) {
        fs::write(self.folder.path().join(program), "changed").expect("a file in our folder");
    }

    pub fn sha256(&self, program: &str) -> String {
        let said = Command::new("sha256sum")
            .arg(self.folder.path().join(program))
            .output()
            .expect("coreutils");
        String::from_utf8_lossy(&said.stdout)[..64].to_owned()
    }

    fn run(&self, programs: &[&str], out: &Path) -> Output {
        let folder = self.folder.path();
        Command::new(program("sealpoint-xtask"))
            .args(["sbom", "--name", "sealpoint-test", "--release", "0.1.0"])
            .arg("--packages")
            .arg(folder.join("packages.tsv"))
            .args(["--copyright", "/usr/share/doc", "--out"])
            .arg(out)
            .args(programs.iter().map(|name| folder.join(name)))
            .env("SOURCE_DATE_EPOCH", EPOCH)
            .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("xtask starts")
    }
}

/// What the schema found.
#[derive(Debug, PartialEq, Eq)]
pub struct Faults(Vec<String>);

impl Faults {
    pub fn none() -> Self {
        Self(vec![])
    }

    /// Whether a place is among them.
    pub fn names(&self, place: &str) -> bool {
        self.0.iter().any(|line| line.starts_with(place))
    }
}

/// Holds a document against the schema. A validator that cannot look is no pass.
pub fn validate(document: &Value) -> Faults {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sbom");
    let mut child = Command::new(python())
        .arg(here.join("validate.py"))
        .arg(here.join("schema"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    let mut input = child.stdin.take().expect("a pipe to it");
    input
        .write_all(document.to_string().as_bytes())
        .expect("it reads the document");
    drop(input);
    let said = child.wait_with_output().expect("it ends");
    let why = String::from_utf8_lossy(&said.stderr);
    assert!(
        matches!(said.status.code(), Some(0 | 1)) && why.is_empty(),
        "{why}"
    );
    let lines: Vec<String> = String::from_utf8_lossy(&said.stdout)
        .lines()
        .map(str::to_owned)
        .collect();
    assert_eq!(
        said.status.success(),
        lines.is_empty(),
        "code and words agree"
    );
    Faults(lines)
}

/// A Python that has the package: Debian's, or the one that is found first.
fn python() -> &'static str {
    ["/usr/bin/python3", "python3"]
        .into_iter()
        .find(|python| {
            Command::new(python)
                .args(["-W", "ignore", "-c", "import jsonschema"])
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        })
        .expect("install python3-jsonschema; `cargo xtask test` does")
}

/// Name and version of every package that this machine cannot do without, straight from dpkg's own
/// file. All of them would only take longer.
pub fn installed() -> BTreeSet<String> {
    let text = fs::read("/var/lib/dpkg/status").expect("a Debian system");
    let text = String::from_utf8_lossy(&text);
    let field = |block: &str, name: &str| {
        block
            .lines()
            .find_map(|line| line.strip_prefix(name).map(str::trim).map(str::to_owned))
    };
    text.split("\n\n")
        .filter(|block| field(block, "Status:").is_some_and(|s| s.ends_with(" installed")))
        .filter(|block| field(block, "Priority:").is_some_and(|s| s == "required"))
        .filter_map(|block| {
            let (name, version) = (field(block, "Package:")?, field(block, "Version:")?);
            Some(format!("{name} {version}"))
        })
        .collect()
}

fn dpkg_query(fields: &str) -> Vec<u8> {
    let said = Command::new("dpkg-query")
        .args(["--show", "--showformat"])
        .arg(format!("${{db:Status-Status}} ${{Priority}}\t{fields}"))
        .output()
        .expect("a Debian system");
    assert!(said.status.success());
    let text = String::from_utf8_lossy(&said.stdout);
    text.lines()
        .filter_map(|line| line.strip_prefix("installed required\t"))
        .fold(String::new(), |all, line| all + line + "\n")
        .into_bytes()
}

/// Takes the component whose reference begins so out, and out of every list of dependencies.
pub fn drop_component(document: &mut Value, start: &str) {
    let begins = |one: &Value, key: &str| one[key].as_str().is_some_and(|r| r.starts_with(start));
    let list = document["components"].as_array_mut().expect("components");
    let before = list.len();
    list.retain(|one| !begins(one, "bom-ref"));
    assert_eq!(before, list.len() + 1, "one component is called {start}");
}

/// Adds a crate that nothing needs.
pub fn add_crate(document: &mut Value, name: &str, version: &str, program: &str) {
    let list = document["components"].as_array_mut().expect("components");
    list.push(json!({
        "type": "library",
        "bom-ref": format!("crate:{name}@{version}"),
        "name": name,
        "version": version,
        "scope": "required",
        "properties": [{"name": "sealpoint:linked-into", "value": program}],
    }));
}

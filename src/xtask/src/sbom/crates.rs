//! The crates of a program, as Cargo resolves them for exactly its build.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::document::Document;
use super::{licence, said};
use crate::cargo::Workspace;

/// What the till and the collector run on.
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// The longest lock file that is read.
const MAX_LOCK_BYTES: u64 = 16 << 20;

/// Checksums of the crates that come from a registry: SHA-256 of the package, by `name@version`.
pub type Locked = BTreeMap<String, String>;

/// Reads the checksums of `Cargo.lock`.
///
/// # Errors
/// If it cannot be read.
pub fn locked(root: &Path) -> Result<Locked, String> {
    let path = root.join("Cargo.lock");
    let cannot = |why: String| format!("{} cannot be read: {why}.", path.display());
    let size = fs::metadata(&path)
        .map_err(|why| cannot(why.to_string()))?
        .len();
    if size > MAX_LOCK_BYTES {
        return Err(cannot("it is too long".to_owned()));
    }
    let text = fs::read_to_string(&path).map_err(|why| cannot(why.to_string()))?;
    Ok(checksums(&text))
}

fn checksums(text: &str) -> Locked {
    let mut sums = Locked::new();
    for block in text.split("[[package]]").skip(1) {
        let field = |name: &str| {
            block.lines().find_map(|line| {
                let value = line.strip_prefix(name)?.strip_prefix(" = ")?;
                Some(value.trim_matches('"').to_owned())
            })
        };
        if let (Some(name), Some(version), Some(sum)) =
            (field("name"), field("version"), field("checksum"))
        {
            sums.insert(format!("{name}@{version}"), sum);
        }
    }
    sums
}

/// One crate as `cargo tree` names it.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    depth: usize,
    name: String,
    version: String,
    licence: String,
}

/// A program's crates and who needs whom.
pub struct Tree {
    /// The reference of the program's own crate.
    pub root: String,
    licences: BTreeMap<String, String>,
    edges: BTreeSet<(String, String)>,
    linked: BTreeSet<String>,
}

impl Tree {
    /// Asks Cargo twice: for all that takes part in building, and for what is linked.
    ///
    /// # Errors
    /// If Cargo does not answer.
    pub fn of(workspace: &Workspace, package: &str, features: &str) -> Result<Self, String> {
        let ask = |edges: &str| {
            let mut command = workspace.cargo();
            command.args(["tree", "--locked", "--no-default-features"]);
            command.args(["--package", package, "--target", TARGET]);
            command.args(["--prefix", "depth", "--format", "\t{p}\t{l}"]);
            command.args(["--edges", edges]);
            if !features.is_empty() {
                command.args(["--features", features]);
            }
            said(&mut command)
        };
        let linked = parse(&ask("normal,no-proc-macro")?)?;
        let built = parse(&ask("normal,build")?)?;
        let root = built
            .first()
            .map(Line::reference)
            .ok_or_else(|| format!("Cargo knows no crate of {package}."))?;
        Ok(Self {
            root,
            licences: built
                .iter()
                .map(|line| (line.reference(), line.licence.clone()))
                .collect(),
            edges: edges(&built),
            linked: linked.iter().map(Line::reference).collect(),
        })
    }

    /// Adds every crate, and which program it went into.
    pub fn add_to(&self, document: &mut Document, program: &str, locked: &Locked) {
        for (reference, terms) in &self.licences {
            let linked = self.linked.contains(reference);
            let component = document.add(reference, component(reference, terms, locked));
            let Some(fields) = component.as_object_mut() else {
                continue;
            };
            if linked {
                fields.insert("scope".to_owned(), json!("required"));
            }
            let what = if linked {
                "sealpoint:linked-into"
            } else {
                "sealpoint:builds"
            };
            let said = json!({"name": what, "value": program});
            if let Some(list) = fields
                .entry("properties")
                .or_insert_with(|| json!([]))
                .as_array_mut()
            {
                list.push(said);
            }
        }
        for (who, on) in &self.edges {
            document.depend(who, on);
        }
    }
}

impl Line {
    fn reference(&self) -> String {
        format!("crate:{}@{}", self.name, self.version)
    }
}

fn component(reference: &str, terms: &str, locked: &Locked) -> Value {
    let at = reference.trim_start_matches("crate:");
    let (name, version) = at.rsplit_once('@').unwrap_or((at, ""));
    let mut one = json!({
        "type": "library",
        "bom-ref": reference,
        "name": name,
        "version": version,
        "scope": "excluded",
    });
    let Some(fields) = one.as_object_mut() else {
        return one;
    };
    if let Some(terms) = licence(terms) {
        fields.insert("licenses".to_owned(), terms);
    }
    // Our own rooms are on no registry, and a name there would be somebody else's.
    if let Some(sum) = locked.get(at) {
        let purl = format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"));
        fields.insert("purl".to_owned(), json!(purl));
        let hashes = json!([{"alg": "SHA-256", "content": sum}]);
        fields.insert("hashes".to_owned(), hashes);
    }
    one
}

/// Reads `cargo tree --prefix depth --format "\t{p}\t{l}"`.
fn parse(text: &str) -> Result<Vec<Line>, String> {
    let strange = |line: &str| format!("Cargo's tree has a line that is not understood: {line}");
    text.lines()
        .filter(|line| !line.is_empty())
        .map(|line| {
            let mut fields = line.splitn(3, '\t');
            let depth = fields.next().and_then(|depth| depth.parse().ok());
            let mut words = fields.next().unwrap_or_default().split(' ');
            let licence = fields.next().unwrap_or_default();
            let name = words.next().filter(|name| !name.is_empty());
            let version = words.next().and_then(|word| word.strip_prefix('v'));
            match (depth, name, version) {
                (Some(depth), Some(name), Some(version)) => Ok(Line {
                    depth,
                    name: name.to_owned(),
                    version: version.to_owned(),
                    licence: licence.trim_end_matches(" (*)").to_owned(),
                }),
                _ => Err(strange(line)),
            }
        })
        .collect()
}

fn edges(lines: &[Line]) -> BTreeSet<(String, String)> {
    let mut above: Vec<String> = vec![];
    let mut edges = BTreeSet::new();
    for line in lines {
        above.truncate(line.depth);
        if let Some(parent) = above.last() {
            edges.insert((parent.clone(), line.reference()));
        }
        above.push(line.reference());
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::{checksums, edges, parse};

    const TREE: &str = "0\ta v0.1.0 (/somewhere/a)\tMIT OR Apache-2.0\n\
        1\tb v1.2.3\tMIT\n2\tc v2.0.0+x (proc-macro)\tISC\n1\tc v2.0.0+x (proc-macro)\tISC (*)\n";

    #[test]
    fn who_needs_whom_comes_from_the_depth() {
        let lines = parse(TREE).expect("a tree");
        assert_eq!(lines[2].version, "2.0.0+x");
        assert_eq!(lines[3].licence, "ISC");
        let pairs: Vec<(String, String)> = edges(&lines).into_iter().collect();
        let pair = |a: &str, b: &str| (format!("crate:{a}"), format!("crate:{b}"));
        assert_eq!(
            pairs,
            [
                pair("a@0.1.0", "b@1.2.3"),
                pair("a@0.1.0", "c@2.0.0+x"),
                pair("b@1.2.3", "c@2.0.0+x"),
            ]
        );
    }

    #[test]
    fn a_line_that_is_not_understood_is_no_crate_less() {
        assert!(parse("0\ta v1.0.0\tMIT\n\n").is_ok());
        assert!(parse("0\ta v1.0.0\tMIT\nwarning: something\n").is_err());
        assert!(parse("0\ta 1.0.0\tMIT\n").is_err());
    }

    #[test]
    fn only_crates_of_a_registry_have_a_checksum() {
        let lock = "version = 4\n\n[[package]]\nname = \"x\"\nversion = \"1.0.0\"\nsource = \"r\"\nchecksum = \"ab\"\n\n[[package]]\nname = \"ours\"\nversion = \"0.1.0\"\n";
        let sums = checksums(lock);
        assert_eq!(sums.get("x@1.0.0").map(String::as_str), Some("ab"));
        assert_eq!(sums.len(), 1);
    }
}

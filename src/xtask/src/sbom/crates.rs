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

/// The crates of programs that are built by one command, and who needs whom.
pub struct Forest {
    licences: BTreeMap<String, String>,
    built: BTreeMap<String, BTreeSet<String>>,
    linked: BTreeMap<String, BTreeSet<String>>,
}

impl Forest {
    /// Asks Cargo twice: for all that takes part in building, and for what is linked.
    ///
    /// All packages at once, because what one of them asks of a crate the others get too.
    ///
    /// # Errors
    /// If Cargo does not answer.
    pub fn of(workspace: &Workspace, packages: &[(&str, &str)]) -> Result<Self, String> {
        let ask = |edges: &str| {
            let mut command = workspace.cargo();
            command.args([
                "tree",
                "--locked",
                "--no-default-features",
                "--target",
                TARGET,
            ]);
            command.args(["--prefix", "depth", "--format", "\t{p}\t{l}"]);
            command.args(["--edges", edges]);
            for (package, feature) in packages {
                command.args(["--package", package]);
                if !feature.is_empty() {
                    command.arg(format!("--features={package}/{feature}"));
                }
            }
            parse(&said(&mut command)?)
        };
        let built = ask("normal,build")?;
        Ok(Self {
            licences: built
                .iter()
                .map(|line| (line.reference(), line.licence.clone()))
                .collect(),
            linked: edges(&ask("normal,no-proc-macro")?),
            built: edges(&built),
        })
    }

    /// Adds every crate of a program, and that it went into it; returns the program's own crate.
    ///
    /// # Errors
    /// If Cargo did not name the package.
    pub fn add_to(
        &self,
        document: &mut Document,
        (program, package): (&str, &str),
        locked: &Locked,
    ) -> Result<String, String> {
        let start = format!("crate:{package}@");
        let root = self
            .licences
            .keys()
            .find(|reference| reference.starts_with(&start))
            .ok_or_else(|| format!("Cargo knows no crate of {package}."))?;
        let linked = reached(&self.linked, root);
        for reference in reached(&self.built, root) {
            let terms = self.licences.get(reference).map_or("", String::as_str);
            let component = document.add(reference, component(reference, terms, locked));
            let Some(fields) = component.as_object_mut() else {
                continue;
            };
            let what = if linked.contains(reference) {
                fields.insert("scope".to_owned(), json!("required"));
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
            for on in self.built.get(reference).into_iter().flatten() {
                document.depend(reference, on);
            }
        }
        Ok(root.clone())
    }
}

/// A crate and all that it leads to.
fn reached<'a>(
    edges: &'a BTreeMap<String, BTreeSet<String>>,
    root: &'a str,
) -> BTreeSet<&'a String> {
    let mut found = BTreeSet::new();
    let mut waiting: Vec<&String> = edges
        .get_key_value(root)
        .map(|(r, _)| r)
        .into_iter()
        .collect();
    while let Some(one) = waiting.pop() {
        if found.insert(one) {
            waiting.extend(edges.get(one).into_iter().flatten());
        }
    }
    found
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

/// Whom each crate needs; one that needs nobody is there as well. Of several trees in a row each
/// begins at depth 0.
fn edges(lines: &[Line]) -> BTreeMap<String, BTreeSet<String>> {
    let mut above: Vec<String> = vec![];
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in lines {
        above.truncate(line.depth);
        if let Some(parent) = above.last() {
            let needs = edges.entry(parent.clone()).or_default();
            needs.insert(line.reference());
        }
        edges.entry(line.reference()).or_default();
        above.push(line.reference());
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::{checksums, edges, parse, reached};

    const TREE: &str = "0\ta v0.1.0 (/somewhere/a)\tMIT OR Apache-2.0\n\
        1\tb v1.2.3\tMIT\n2\tc v2.0.0+x (proc-macro)\tISC\n1\tc v2.0.0+x (proc-macro)\tISC (*)\n\
        \n0\td v0.1.0 (/somewhere/d)\tMIT\n1\tb v1.2.3\tMIT (*)\n";

    #[test]
    fn who_needs_whom_comes_from_the_depth() {
        let lines = parse(TREE).expect("a tree");
        assert_eq!(lines[2].version, "2.0.0+x");
        assert_eq!(lines[3].licence, "ISC");
        let said = edges(&lines);
        let needs = |of: &str| -> Vec<&str> {
            said[&format!("crate:{of}")]
                .iter()
                .map(String::as_str)
                .collect()
        };
        assert_eq!(needs("a@0.1.0"), ["crate:b@1.2.3", "crate:c@2.0.0+x"]);
        assert_eq!(needs("b@1.2.3"), ["crate:c@2.0.0+x"]);
        assert_eq!(needs("d@0.1.0"), ["crate:b@1.2.3"]);
        // What the second tree does not repeat is reached all the same.
        let reached = reached(&said, "crate:d@0.1.0");
        assert!(reached.contains(&"crate:c@2.0.0+x".to_owned()));
        assert!(!reached.contains(&"crate:a@0.1.0".to_owned()));
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

//! Debian's packages in an image: what dpkg said before its database went, or mkosi's manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::document::Document;

/// The largest list that is read.
const MAX_LIST_BYTES: u64 = 16 << 20;
/// The longest copyright file that is read; the kernel's has a third of it.
const MAX_COPYRIGHT_BYTES: u64 = 4 << 20;
/// Fields that dpkg-query is asked for: package, version, architecture, source and its version,
/// Depends and Pre-Depends. The last two may be left out.
const FIELDS: usize = 5;
/// Packages of our own are in no archive of Debian's.
const OURS: &str = "sealpoint-";

/// Short names of Debian's copyright format 1.0 and what SPDX calls them.
const SPDX: &[(&str, &str)] = &[
    ("Apache-2.0", "Apache-2.0"),
    ("Artistic", "Artistic-1.0-Perl"),
    ("BSD-2-clause", "BSD-2-Clause"),
    ("BSD-3-clause", "BSD-3-Clause"),
    ("CC0-1.0", "CC0-1.0"),
    ("Expat", "MIT"),
    ("GFDL-1.3+", "GFDL-1.3-or-later"),
    ("GPL-1+", "GPL-1.0-or-later"),
    ("GPL-2", "GPL-2.0-only"),
    ("GPL-2+", "GPL-2.0-or-later"),
    ("GPL-3", "GPL-3.0-only"),
    ("GPL-3+", "GPL-3.0-or-later"),
    ("ISC", "ISC"),
    ("LGPL-2", "LGPL-2.0-only"),
    ("LGPL-2+", "LGPL-2.0-or-later"),
    ("LGPL-2.1", "LGPL-2.1-only"),
    ("LGPL-2.1+", "LGPL-2.1-or-later"),
    ("LGPL-3", "LGPL-3.0-only"),
    ("LGPL-3+", "LGPL-3.0-or-later"),
    ("MIT", "MIT"),
    ("MPL-2.0", "MPL-2.0"),
    ("Zlib", "Zlib"),
    ("zlib", "Zlib"),
];

/// One package.
#[derive(Debug, Clone)]
pub struct Package {
    name: String,
    version: String,
    architecture: String,
    /// Name and version of the source package, if it was said.
    source: Option<(String, String)>,
    /// What it needs, as Debian writes it: alternatives by `|`, all of them by `,`.
    needs: String,
}

/// Reads lists of packages: files of tabs, or mkosi's manifests.
///
/// # Errors
/// If one cannot be read, holds nothing or is not understood.
pub fn read(files: &[PathBuf]) -> Result<Vec<Package>, String> {
    let mut all: BTreeMap<String, Package> = BTreeMap::new();
    for path in files {
        let said = |why: String| format!("{}: {why}", path.display());
        let text = text(path, MAX_LIST_BYTES).map_err(said)?;
        let found = if text.trim_start().starts_with('{') {
            manifest(&text)
        } else {
            table(&text)
        };
        let found = found.map_err(said)?;
        if found.is_empty() {
            return Err(said(
                "it names no package. Build the image again.".to_owned(),
            ));
        }
        for package in found {
            let known = all
                .entry(reference(&package))
                .or_insert_with(|| package.clone());
            // Of two lists the one that says more counts.
            if known.source.is_none() {
                *known = package;
            }
        }
    }
    Ok(all.into_values().collect())
}

fn text(path: &Path, limit: u64) -> Result<String, String> {
    let size = fs::metadata(path).map_err(|why| why.to_string())?.len();
    if size > limit {
        return Err(format!("{size} bytes are more than is read."));
    }
    let bytes = fs::read(path).map_err(|why| why.to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn table(text: &str) -> Result<Vec<Package>, String> {
    text.lines()
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [name, version, architecture, source, source_version] = *fields
                .first_chunk::<FIELDS>()
                .ok_or_else(|| format!("a line has too few fields: {line}"))?;
            if name.is_empty() || version.is_empty() {
                return Err(format!("a line without name or version: {line}"));
            }
            Ok(Package {
                name: name.to_owned(),
                version: version.to_owned(),
                architecture: architecture.to_owned(),
                source: Some((source.to_owned(), source_version.to_owned())),
                needs: fields.get(FIELDS..).unwrap_or_default().join(", "),
            })
        })
        .collect()
}

fn manifest(text: &str) -> Result<Vec<Package>, String> {
    let said: Value = serde_json::from_str(text).map_err(|why| why.to_string())?;
    let packages = said.get("packages").and_then(Value::as_array);
    packages
        .ok_or("a manifest without packages")?
        .iter()
        .filter(|one| one.get("type").and_then(Value::as_str) == Some("deb"))
        .map(|one| {
            let field = |name: &str| {
                let value = one.get(name).and_then(Value::as_str);
                value
                    .map(str::to_owned)
                    .ok_or_else(|| format!("a package without {name}"))
            };
            Ok(Package {
                name: field("name")?,
                version: field("version")?,
                architecture: field("architecture")?,
                source: None,
                needs: String::new(),
            })
        })
        .collect()
}

/// Adds every package, and returns the reference of our own, which brings the programs.
///
/// # Errors
/// If a copyright file is there and cannot be read.
pub fn add_to(
    document: &mut Document,
    packages: &[Package],
    copyright: Option<&Path>,
) -> Result<Option<String>, String> {
    let names: BTreeMap<&str, String> = packages
        .iter()
        .map(|one| (one.name.as_str(), reference(one)))
        .collect();
    let mut ours = None;
    for package in packages {
        let reference = reference(package);
        let licences = match copyright {
            Some(folder) => licences(&folder.join(&package.name))?,
            None => vec![],
        };
        document.add(&reference, component(package, &reference, &licences));
        document.depend_of_root(&reference);
        for needed in needed(&package.needs, &names) {
            if needed != reference {
                document.depend(&reference, needed);
            }
        }
        if package.name.starts_with(OURS) {
            ours = Some(reference);
        }
    }
    Ok(ours)
}

fn reference(package: &Package) -> String {
    let Package {
        name,
        version,
        architecture,
        ..
    } = package;
    format!("deb:{name}@{version}:{architecture}")
}

fn component(package: &Package, reference: &str, licences: &[Value]) -> Value {
    let Package {
        name,
        version,
        architecture,
        source,
        ..
    } = package;
    let mut one = json!({
        "type": "library",
        "bom-ref": reference,
        "name": name,
        "version": version,
    });
    let Some(fields) = one.as_object_mut() else {
        return one;
    };
    if !name.starts_with(OURS) {
        // Debian's versions have +, ~ and :, of which purl writes the first and the last in digits.
        let version = version.replace('+', "%2B").replace(':', "%3A");
        let purl = format!("pkg:deb/debian/{name}@{version}?arch={architecture}&distro=debian-13");
        fields.insert("purl".to_owned(), json!(purl));
        fields.insert("supplier".to_owned(), json!({"name": "Debian"}));
    }
    if let Some((name, version)) = source {
        let said = json!([{"name": "debian:source", "value": format!("{name} {version}")}]);
        fields.insert("properties".to_owned(), said);
    }
    if !licences.is_empty() {
        fields.insert("licenses".to_owned(), json!(licences));
    }
    one
}

/// Which of the installed packages satisfy what is needed; a virtual one satisfies nothing by name.
fn needed<'a>(needs: &str, names: &'a BTreeMap<&str, String>) -> BTreeSet<&'a str> {
    needs
        .split([',', '|'])
        .filter_map(|one| one.trim().split([' ', ':', '(']).next())
        .filter_map(|name| names.get(name).map(String::as_str))
        .collect()
}

/// The licences that a machine-readable copyright file names (Debian's copyright format 1.0).
///
/// It is called as the package is, or `copyright` in a folder of that name.
fn licences(path: &Path) -> Result<Vec<Value>, String> {
    let file = if path.is_dir() {
        path.join("copyright")
    } else {
        path.to_owned()
    };
    if !file.exists() {
        return Ok(vec![]);
    }
    let text =
        text(&file, MAX_COPYRIGHT_BYTES).map_err(|why| format!("{}: {why}", file.display()))?;
    Ok(named(&text))
}

fn named(text: &str) -> Vec<Value> {
    if !text.trim_start().starts_with("Format:") {
        return vec![];
    }
    let names: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("License:"))
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    names
        .into_iter()
        .map(|name| {
            let spdx = SPDX.iter().find(|(debian, _)| *debian == name);
            match spdx {
                Some((_, id)) => json!({"license": {"id": id}}),
                None => json!({"license": {"name": name}}),
            }
        })
        // Two of Debian's names may be one of SPDX's.
        .fold(vec![], |mut all, one| {
            if !all.contains(&one) {
                all.push(one);
            }
            all
        })
}

#[cfg(test)]
mod tests {
    use super::{manifest, named, needed, read, table};
    use serde_json::json;
    use std::collections::BTreeMap;

    #[test]
    fn both_kinds_of_lists_are_read_and_a_damaged_one_is_refused() {
        let line = "libc6\t2.41-12\tamd64\tglibc\t2.41-12\tlibgcc-s1 (>= 14)\t";
        let found = table(line).expect("a line of dpkg-query");
        assert_eq!(found[0].name, "libc6");
        assert!(table("libc6\t2.41-12\tamd64\n").is_err());
        assert!(table("\t1\tall\tx\t1\n").is_err());
        let said =
            r#"{"packages":[{"type":"deb","name":"libc6","version":"2","architecture":"amd64"}]}"#;
        assert_eq!(manifest(said).expect("a manifest").len(), 1);
        assert!(manifest("{}").is_err());
        assert!(manifest(r#"{"packages":[{"type":"deb","name":"libc6"}]}"#).is_err());
    }

    #[test]
    fn of_two_lists_the_one_that_says_more_counts() {
        let folder = std::env::temp_dir().join(format!("sbom-lists-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        let (long, short) = (folder.join("long.tsv"), folder.join("short.manifest"));
        std::fs::write(&long, "a\t1\tall\tasource\t1\t\t\n").expect("a file of ours");
        let manifest = r#"{"packages":[{"type":"deb","name":"a","version":"1","architecture":"all"},{"type":"deb","name":"b","version":"1","architecture":"all"}]}"#;
        std::fs::write(&short, manifest).expect("a file of ours");
        for order in [[long.clone(), short.clone()], [short, long]] {
            let found = read(&order).expect("two lists");
            assert_eq!(found.len(), 2);
            assert!(found[0].source.is_some(), "{found:?}");
        }
        std::fs::write(folder.join("none"), "").expect("a file of ours");
        assert!(read(&[folder.join("none")]).is_err());
        std::fs::remove_dir_all(&folder).expect("our own folder");
    }

    #[test]
    fn what_a_package_needs_is_what_is_installed_of_it() {
        let names = BTreeMap::from([("a", "A".to_owned()), ("c", "C".to_owned())]);
        let found = needed("a (>= 1), b | c:any, d", &names);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["A", "C"]);
    }

    #[test]
    fn licences_are_named_as_spdx_does_where_it_knows_them() {
        let text = "Format: https://x/\n\nFiles: *\nLicense: Expat\n text\n\nFiles: b\nLicense: MIT\n\nFiles: c\nLicense: mine\n";
        assert_eq!(
            named(text),
            [
                json!({"license": {"id": "MIT"}}),
                json!({"license": {"name": "mine"}})
            ]
        );
        assert!(named("This package is under the GPL.\nLicense: x\n").is_empty());
    }
}

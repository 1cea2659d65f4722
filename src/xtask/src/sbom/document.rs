//! A CycloneDX document: components by reference, who depends on whom, all of it sorted.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// Namespaces of the serial number: the first half of a hash, made a UUID of version 8 (RFC 9562).
const UUID_DIGITS: usize = 32;

/// A document that is being put together.
pub struct Document {
    kind: &'static str,
    name: String,
    version: String,
    components: BTreeMap<String, Value>,
    depends: BTreeMap<String, BTreeSet<String>>,
}

impl Document {
    /// About a thing of that kind (CycloneDX's component types).
    pub fn new(kind: &'static str, name: &str, version: &str) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            version: version.to_owned(),
            components: BTreeMap::new(),
            depends: BTreeMap::new(),
        }
    }

    /// Adds a component, unless it is there.
    pub fn add(&mut self, reference: &str, component: Value) -> &mut Value {
        self.depends.entry(reference.to_owned()).or_default();
        self.components
            .entry(reference.to_owned())
            .or_insert(component)
    }

    /// Says that one component needs another.
    pub fn depend(&mut self, who: &str, on: &str) {
        self.depends
            .entry(who.to_owned())
            .or_default()
            .insert(on.to_owned());
    }

    /// Says that the whole needs a component.
    pub fn depend_of_root(&mut self, on: &str) {
        let root = self.root();
        self.depend(&root, on);
    }

    fn root(&self) -> String {
        format!("whole:{}@{}", self.name, self.version)
    }

    /// The document as text.
    ///
    /// # Errors
    /// If the hash that the serial number is made of cannot be had.
    pub fn finish(
        self,
        time: &str,
        hash: impl Fn(&[u8]) -> Result<String, String>,
    ) -> Result<String, String> {
        let root = self.root();
        let depends: Vec<Value> = self
            .depends
            .iter()
            .map(|(who, on)| json!({"ref": who, "dependsOn": on}))
            .collect();
        let components: Vec<Value> = self.components.into_values().collect();
        let mut whole = json!({
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {
                "timestamp": time,
                "tools": {"components": [{
                    "type": "application",
                    "name": "cargo xtask sbom",
                    "version": env!("CARGO_PKG_VERSION"),
                }]},
                "component": {
                    "type": self.kind,
                    "bom-ref": root,
                    "name": self.name,
                    "version": self.version,
                },
            },
            "components": components,
            "dependencies": depends,
        });
        let serial = serial(&hash(whole.to_string().as_bytes())?);
        if let Some(fields) = whole.as_object_mut() {
            fields.insert("serialNumber".to_owned(), json!(serial));
        }
        serde_json::to_string_pretty(&whole)
            .map(|text| text + "\n")
            .map_err(|why| format!("The document cannot be written: {why}."))
    }
}

/// A URN from a hash: version 8 ("made by the application"), variant 10.
fn serial(hash: &str) -> String {
    let digits: String = hash
        .chars()
        .take(UUID_DIGITS)
        .enumerate()
        .map(|(at, digit)| match at {
            12 => '8',
            16 => match digit {
                '0'..='3' => '8',
                '4'..='7' => '9',
                '8'..='b' => 'a',
                _ => 'b',
            },
            _ => digit,
        })
        .collect();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!(
        "urn:uuid:{}-{}-{}-{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32)
    )
}

#[cfg(test)]
mod tests {
    use super::{Document, serial};
    use serde_json::json;

    #[test]
    fn the_serial_number_is_a_uuid_of_the_content() {
        assert_eq!(
            serial(&"f".repeat(64)),
            "urn:uuid:ffffffff-ffff-8fff-bfff-ffffffffffff"
        );
        let made = |version: &str| {
            let mut document = Document::new("application", "x", "1");
            document.add(
                "b",
                json!({"type": "library", "name": "b", "version": version}),
            );
            document.add("a", json!({"type": "library", "name": "a"}));
            document.depend_of_root("a");
            let hash = |bytes: &[u8]| {
                let sum = bytes.iter().fold(0_u64, |sum, byte| {
                    sum.wrapping_mul(31).wrapping_add(u64::from(*byte))
                });
                Ok(format!("{sum:016x}").repeat(4))
            };
            document
                .finish("2026-01-01T00:00:00Z", hash)
                .expect("a document")
        };
        assert_eq!(made("1"), made("1"));
        let serial = |text: &str| {
            let line = text.lines().find(|line| line.contains("serialNumber"));
            line.expect("a serial number").to_owned()
        };
        assert_ne!(serial(&made("1")), serial(&made("2")));
    }
}

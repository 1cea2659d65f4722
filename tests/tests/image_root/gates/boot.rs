//! The kernel image: its sections, its signature, and the command line word by word.

use crate::image::Image;

/// Sections that the boot stub knows and that an image has (UAPI.5, systemd-stub(7)). No `.profile`:
/// another profile could bring another command line. No `.dtb`, no `.addon`.
const SECTIONS: &[&str] = &[
    ".text", ".rodata", ".data", ".reloc", ".dynamic", ".dynsym", ".rela", ".sdmagic", ".sbat",
    ".osrel", ".cmdline", ".uname", ".initrd", ".ucode", ".pcrpkey", ".pcrsig", ".linux",
    ".splash",
];
/// Without these the image is not what it says.
const NEEDED: &[&str] = &[
    ".linux", ".initrd", ".cmdline", ".osrel", ".sbat", ".pcrpkey", ".pcrsig",
];

/// Signature, sections, command line, and that kernel image and root say the same version.
pub fn check(image: &Image) -> Result<Vec<String>, String> {
    let uki = &image.uki;
    let mut faults = vec![];
    if !uki.signed {
        faults.push("the kernel image is not signed".to_owned());
    }
    let unknown = uki.names().filter(|name| !SECTIONS.contains(name));
    faults.extend(unknown.map(|name| format!("{name}: a section that is not known here")));
    for name in NEEDED {
        if let Err(why) = uki.section(name) {
            faults.push(why);
        }
    }
    let said = text(uki.section(".cmdline")?)?;
    let words: Vec<&str> = said.split_whitespace().collect();
    faults.extend(
        image
            .lists
            .command_line
            .compare("parameter", words.iter().copied()),
    );
    let mut seen: Vec<&str> = vec![];
    for word in words {
        let name = word.split('=').next().unwrap_or(word);
        // A second one could take the first one's effect away; a console may be there twice.
        if seen.contains(&name) && name != "console" {
            faults.push(format!("{name}: a second time on the command line"));
        }
        seen.push(name);
    }
    let release = text(uki.section(".osrel")?)?;
    if release.trim() != image.root.text("etc/os-release")?.trim() {
        faults.push(".osrel: the kernel image belongs to another root".to_owned());
    }
    Ok(faults)
}

fn text(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec())
        .map(|text| text.trim_end_matches('\0').to_owned())
        .map_err(|_| "a text of the kernel image is no text".to_owned())
}

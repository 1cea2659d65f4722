//! Why a till has no settings: who unpacks the shop's signed settings leaves a sentence where they
//! would be, since nobody in the shop reads a log.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The file beside the configuration that says why there is none.
const NAME: &str = "refused.txt";
/// At most this many bytes of it.
const MAX_BYTES: u64 = 2048;

/// The sentence, if the configuration is not there and one was left in its place.
#[must_use]
pub fn why(config: &Path) -> Option<String> {
    if config.exists() {
        return None;
    }
    let mut text = Vec::new();
    File::open(config.with_file_name(NAME))
        .ok()?
        .take(MAX_BYTES)
        .read_to_end(&mut text)
        .ok()?;
    let text = String::from_utf8_lossy(&text);
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_sentence_is_shown_while_there_is_no_configuration_and_no_longer() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("till.toml");
        assert_eq!(why(&config), None);
        let left = folder.path().join(NAME);
        fs::write(&left, "This till has no site yet.\nWrite one.\u{7}\n").expect("our folder");
        let sentence = "This till has no site yet. Write one.";
        assert_eq!(why(&config).as_deref(), Some(sentence));
        fs::write(&config, "").expect("our folder");
        assert_eq!(why(&config), None, "an older word than the settings");
    }

    #[test]
    fn a_file_without_words_or_without_end_is_bounded() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("till.toml");
        let left = folder.path().join(NAME);
        fs::write(&left, "\n \0\n").expect("our folder");
        assert_eq!(why(&config), None);
        fs::write(&left, vec![b'a'; 1 << 20]).expect("our folder");
        assert_eq!(why(&config).map(|text| text.len()), Some(2048));
    }
}

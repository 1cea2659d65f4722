//! What an image says of itself: `/usr/share/sealpoint/image.toml`, of which one line counts here.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::args::Index;

/// Bytes of that file at most.
const MAX_IMAGE: u64 = 64 * 1024;

/// The file is of no use.
#[derive(Debug, thiserror::Error)]
#[error("The roll-back index in {} cannot be read ({why}). Build the image again.", path.display())]
pub struct ImageError {
    path: PathBuf,
    why: String,
}

#[derive(Deserialize)]
struct Image {
    rollback_index: u64,
}

/// The index, from where it is given; 0 where none is needed.
///
/// # Errors
/// [`ImageError`].
pub fn index(index: Option<&Index>) -> Result<u64, ImageError> {
    match index {
        None => Ok(0),
        Some(Index::Given(index)) => Ok(*index),
        Some(Index::Image(path)) => {
            let failed = |why: String| ImageError {
                path: path.clone(),
                why,
            };
            let text = text(path).map_err(|error| failed(error.to_string()))?;
            let image: Image =
                toml::from_str(&text).map_err(|error| failed(error.message().to_owned()))?;
            Ok(image.rollback_index)
        }
    }
}

fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?
        .take(MAX_IMAGE)
        .read_to_string(&mut text)?;
    Ok(text)
}

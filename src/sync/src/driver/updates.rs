//! Downloads of the image under the till (docs/updates.md), in pieces, behind everything else: each
//! over a connection of its own, and no faster than one piece in [`PAUSE`]. What comes is anybody's
//! word: the process that installs it checks the retailer's signature, and copies it before it does.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sealpoint_wire::WIRE_VERSION;
use sealpoint_wire::release::{PartFile, READY_FILE, RELEASE_FILE, Release};
use sealpoint_wire::updates::{
    INCOMING, MAX_DOWNLOAD, MAX_PIECE, UPDATE_FILES, UPDATE_STATE_FILE, UPDATES, UpdateAnswer,
    UpdateRequest, UpdateStanding,
};
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::Config;
use super::once::{Question, ask};

/// How long the till has the link for itself first.
const FIRST: Duration = Duration::from_secs(5);
/// How often the collector is asked.
const EVERY: Duration = Duration::from_secs(600);
/// The same while it is not known which image runs: the updater has not had its first turn.
const SOON: Duration = Duration::from_secs(20);
/// Between two pieces: at most 4 MiB a second.
const PAUSE: Duration = Duration::from_millis(500);
/// At most this many bytes of what the updater remembers, and of a release's text.
const MAX_TEXT: u64 = 64 * 1024;
/// Entries of the folder that are looked at.
const MAX_ENTRIES: usize = 256;
/// The collector offers no images.
const NOT_OFFERED: u16 = 404;

/// Asks for the till's image again and again, until it is aborted.
pub(super) async fn run(config: Arc<Config>) {
    let Some(folder) = config.updates.clone() else {
        return;
    };
    sleep(FIRST).await;
    loop {
        let state = folder.join(UPDATE_STATE_FILE);
        let standing = blocking(move || Ok(standing(&state))).await;
        let standing = standing.unwrap_or_default();
        let is_known = standing.running.is_some();
        match look(&config, &folder, standing).await {
            Ok(Some(version)) => tracing::info!(version, "an image was downloaded"),
            Ok(None) => {}
            Err(why) => tracing::info!(why, "no image was downloaded"),
        }
        sleep(if is_known { EVERY } else { SOON }).await;
    }
}

/// Asks which image this till is offered, and downloads what is missing of it; its version, if that
/// made it whole.
async fn look(
    config: &Config,
    folder: &Path,
    standing: UpdateStanding,
) -> Result<Option<String>, String> {
    let request = UpdateRequest {
        version: WIRE_VERSION,
        standing,
    };
    let body = serde_json::to_vec(&request).map_err(|error| error.to_string())?;
    let answer = ask(config, Question::post(UPDATES, body)).await?;
    if answer.code == NOT_OFFERED {
        return Ok(None);
    }
    let told: UpdateAnswer = answer.read()?;
    let incoming = folder.join(INCOMING);
    let Some(text) = told.release else {
        // Installed, came back, or not offered any more: its room is the journal's.
        blocking(move || clear(&incoming, &[])).await?;
        return Ok(None);
    };
    let release = Release::unchecked(&text).map_err(|bad| format!("the release is bad: {bad}"))?;
    if release.total_len() > MAX_DOWNLOAD {
        return Err(format!(
            "the release {} has {} bytes, and a till takes {MAX_DOWNLOAD}",
            release.version,
            release.total_len()
        ));
    }
    let (place, known) = (incoming.clone(), release.clone());
    if blocking(move || begin(&place, &text, &known)).await? {
        // Whole already: the updater has it, and waits.
        return Ok(None);
    }
    for file in &release.files {
        download(config, &incoming, file).await?;
    }
    let ready = incoming.join(READY_FILE);
    blocking(move || File::create(ready)?.sync_all()).await?;
    Ok(Some(release.version.to_string()))
}

/// Downloads what is missing of a file, and compares it with its hash.
async fn download(config: &Config, incoming: &Path, file: &PartFile) -> Result<(), String> {
    let path = incoming.join(&file.name);
    let url = format!("{UPDATE_FILES}{}", file.name);
    loop {
        let (place, most) = (path.clone(), file.len);
        let have = blocking(move || have(&place, most)).await?;
        if have == file.len {
            break;
        }
        let to = have.saturating_add(MAX_PIECE).min(file.len) - 1;
        let answer = ask(config, Question::piece(&url, have, to)).await?;
        let wanted = usize::try_from(to - have + 1).unwrap_or(usize::MAX);
        if answer.code != 206 || answer.body.len() != wanted {
            return Err(format!(
                "the collector answered {} with {} bytes where {wanted} were asked for",
                answer.code,
                answer.body.len()
            ));
        }
        let place = path.clone();
        blocking(move || append(&place, &answer.body)).await?;
        sleep(PAUSE).await;
    }
    let (place, wanted) = (path.clone(), file.sha256.0);
    if blocking(move || Ok(hash(&place)? == wanted)).await? {
        return Ok(());
    }
    // From the beginning with the next look.
    blocking(move || fs::remove_file(path)).await?;
    Err(format!("{} is not what the release says", file.name))
}

/// How an update stands here, as the updater wrote it down.
fn standing(state: &Path) -> UpdateStanding {
    let text = text(state).unwrap_or_default();
    let standing: UpdateStanding = serde_json::from_str(&text).unwrap_or_default();
    standing.bounded()
}

/// Makes the folder one for this release alone; whether it is whole already.
fn begin(incoming: &Path, signed: &str, release: &Release) -> io::Result<bool> {
    let at = |name: &str| incoming.join(name);
    if text(&at(RELEASE_FILE)).is_ok_and(|known| known == signed) {
        return Ok(at(READY_FILE).exists());
    }
    clear(incoming, &release.files)?;
    let mut file = File::create(at(RELEASE_FILE))?;
    file.write_all(signed.as_bytes())?;
    file.sync_all()?;
    Ok(false)
}

/// Removes what is not one of these files.
fn clear(incoming: &Path, but: &[PartFile]) -> io::Result<()> {
    remove(&incoming.join(READY_FILE))?;
    for entry in fs::read_dir(incoming)?.take(MAX_ENTRIES) {
        let path = entry?.path();
        if !but.iter().any(|file| path == incoming.join(&file.name)) {
            remove(&path)?;
        }
    }
    Ok(())
}

/// Bytes of a file that are here; one that is longer than it may be is begun anew.
fn have(path: &Path, most: u64) -> io::Result<u64> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() && found.len() <= most => Ok(found.len()),
        Ok(_) => remove(path).map(|()| 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

fn append(path: &Path, piece: &[u8]) -> io::Result<()> {
    let mut open = OpenOptions::new();
    let mut file = open.append(true).create(true).open(path)?;
    file.write_all(piece)?;
    // In the page cache pieces would pile up and hold up the journal's own writes.
    file.sync_all()
}

fn hash(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut digest = Sha256::new();
    let mut piece = vec![0; 256 * 1024];
    loop {
        let count = file.read(&mut piece)?;
        match piece.get(..count) {
            Some(bytes) if !bytes.is_empty() => digest.update(bytes),
            _ => return Ok(digest.finalize().into()),
        }
    }
}

fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_TEXT).read_to_string(&mut text)?;
    Ok(text)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Does that on a thread of its own: a slow disk holds up no charge.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, String> {
    let done = spawn_blocking(work).await.map_err(io::Error::other);
    done.flatten()
        .map_err(|error| format!("the folder for updates cannot be used ({error})"))
}

/// The folder for downloads, below the one that is named for updates.
#[must_use]
pub fn incoming(updates: &Path) -> PathBuf {
    updates.join(INCOMING)
}

//! The till's socket: frames in, frames out, in step with nothing else.

use std::io;

use sealpoint_wire::{FromUplink, ToUplink, frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;

/// Reads until the till closes its end, or sends what is no message.
pub(super) async fn read_all(
    mut socket: OwnedReadHalf,
    messages: mpsc::Sender<io::Result<ToUplink>>,
) {
    loop {
        let message = match read(&mut socket).await {
            Ok(Some(message)) => Ok(message),
            Ok(None) => return,
            Err(error) if is_gone(&error) => return,
            Err(error) => Err(error),
        };
        let last = message.is_err();
        if messages.send(message).await.is_err() || last {
            return;
        }
    }
}

/// Whether the till was killed: with words unread, or in the middle of one of its own.
fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof
    )
}

async fn read(socket: &mut OwnedReadHalf) -> io::Result<Option<ToUplink>> {
    let mut head = [0; 4];
    if socket.read(&mut head[..1]).await? == 0 {
        return Ok(None);
    }
    socket.read_exact(&mut head[1..]).await?;
    let mut body = vec![0; frame::body_len(head)?];
    socket.read_exact(&mut body).await?;
    frame::decode(&body).map(Some)
}

/// Writes until the driver has no more to say or the till is gone.
pub(super) async fn write_all(
    mut socket: OwnedWriteHalf,
    mut messages: mpsc::Receiver<FromUplink>,
) {
    while let Some(message) = messages.recv().await {
        let mut bytes = Vec::new();
        let written = match frame::write(&mut bytes, &message) {
            Ok(()) => socket.write_all(&bytes).await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            tracing::info!(%error, "the till does not read any more");
            return;
        }
    }
}

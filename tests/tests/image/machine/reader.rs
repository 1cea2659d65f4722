//! A USB card reader (CCID) with a card that the house simulates: on one side QEMU, which asks a card
//! in the words of spice's `vscard_common.h`; on the other `cardsim`, which is a card for vsmartcard's
//! `vpcd`. A connection from `cardsim` is a card in the reader.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::wait::within;

/// The messages that are used here.
const INIT: u32 = 1;
const READER_ADD: u32 = 3;
const ATR: u32 = 5;
const CARD_REMOVE: u32 = 6;
const APDU: u32 = 7;
/// What a conversation begins with: the magic bytes, version 0.0.2, no capabilities.
const GREETING: &[u8] = b"VSCD\x00\x00\x00\x02\x00\x00\x00\x00";
/// What `vpcd` asks for without a card's command.
const POWER_ON: &[u8] = &[1];
const GET_ATR: &[u8] = &[4];
/// No message is longer: an extended APDU and its length.
const LONGEST: usize = 65_600;
/// How long QEMU may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);

/// The reader. Its card is wherever `cardsim vpcd --port PORT` is.
pub struct Reader {
    port: u16,
}

impl Reader {
    /// QEMU's words for a reader on the third USB port, whose card is behind `socket`.
    pub fn words(socket: &Path) -> Vec<String> {
        let card = format!(
            "socket,id=card,server=on,wait=off,path={}",
            socket.display()
        );
        [
            "-chardev",
            &card,
            "-device",
            "usb-ccid,id=reader,bus=usb.0,port=3",
            "-device",
            "ccid-card-passthru,bus=reader.0,chardev=card",
        ]
        .map(str::to_owned)
        .to_vec()
    }

    /// Greets QEMU and waits for cards.
    pub fn plug_in(socket: &Path) -> Self {
        let qemu = within(PATIENCE, || UnixStream::connect(socket).ok())
            .unwrap_or_else(|| panic!("QEMU does not listen on {}", socket.display()));
        let cards = TcpListener::bind("127.0.0.1:0").expect("a free port of the loopback");
        let port = cards.local_addr().expect("it is bound").port();
        let from = qemu.try_clone().expect("a second handle on a socket");
        let to = Arc::new(Mutex::new(qemu));
        say(&to, INIT, GREETING).expect("QEMU listens");
        say(&to, READER_ADD, b"").expect("QEMU listens");
        // QEMU takes a new reader for one with a card in it.
        say(&to, CARD_REMOVE, b"").expect("QEMU listens");
        let card = Arc::new(Mutex::new(None));
        let (inserted, asked) = (card.clone(), to.clone());
        thread::spawn(move || answer_qemu(from, &asked, &inserted));
        thread::spawn(move || {
            for stream in cards.incoming().flatten() {
                // Whatever ends a card's stay is the card's removal.
                let _ = one_card(stream, &to, &card);
            }
        });
        Self { port }
    }

    /// Where `cardsim` is to connect to.
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// The card that is in, while it is.
type Card = Arc<Mutex<Option<TcpStream>>>;

/// Tells of a card that came, and of its end.
fn one_card(mut stream: TcpStream, qemu: &Mutex<UnixStream>, card: &Card) -> io::Result<()> {
    tell_card(&mut stream, POWER_ON)?;
    tell_card(&mut stream, GET_ATR)?;
    let atr = hear_card(&mut stream)?;
    let watch = stream.try_clone()?;
    *card.lock().unwrap_or_else(PoisonError::into_inner) = Some(stream);
    say(qemu, ATR, &atr)?;
    // What it answers is read elsewhere; here only its end is looked for.
    let gone = within(Duration::from_secs(3600), || {
        matches!(watch.peek(&mut [0]), Ok(0) | Err(_)).then_some(())
    });
    let _ = gone;
    *card.lock().unwrap_or_else(PoisonError::into_inner) = None;
    say(qemu, CARD_REMOVE, b"")
}

/// Has each command answered by the card that is in.
fn answer_qemu(mut qemu: UnixStream, to: &Mutex<UnixStream>, card: &Card) {
    let mut head = [0; 12];
    while qemu.read_exact(&mut head).is_ok() {
        let word =
            |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (kind, length) = (word(0), word(8) as usize);
        let mut body = vec![0; length.min(LONGEST)];
        if length > LONGEST || qemu.read_exact(&mut body).is_err() {
            return;
        }
        if kind != APDU {
            continue;
        }
        let mut card = card.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = card.as_mut().and_then(|card| {
            tell_card(card, &body).ok()?;
            hear_card(card).ok()
        });
        // 6F00: no precise diagnosis (ISO 7816-4); the card is gone.
        let answer = answer.unwrap_or_else(|| vec![0x6F, 0x00]);
        if say(to, APDU, &answer).is_err() {
            return;
        }
    }
}

fn say(qemu: &Mutex<UnixStream>, kind: u32, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).map_err(io::Error::other)?;
    let head = [
        kind.to_be_bytes(),
        0_u32.to_be_bytes(),
        length.to_be_bytes(),
    ]
    .concat();
    let mut qemu = qemu.lock().unwrap_or_else(PoisonError::into_inner);
    qemu.write_all(&[&head, body].concat())
}

fn tell_card(card: &mut TcpStream, body: &[u8]) -> io::Result<()> {
    let length = u16::try_from(body.len()).map_err(io::Error::other)?;
    card.write_all(&[&length.to_be_bytes(), body].concat())
}

fn hear_card(card: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 2];
    card.read_exact(&mut length)?;
    let mut body = vec![0; usize::from(u16::from_be_bytes(length))];
    card.read_exact(&mut body)?;
    Ok(body)
}

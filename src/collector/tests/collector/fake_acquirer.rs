//! An acquirer that does what the test says, and remembers what it was sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use sealpoint_acquirer::table::de;
use sealpoint_acquirer::{AnswerTo, Deframer, Message, Mti, Profile, frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// What it does with what is about an attempt; a sign-on or an echo is always answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mood {
    Answers,
    Silent,
    HangsUp,
    /// Answers for another amount.
    Garbles,
    /// Answers an authorisation only once it is asked to reverse it.
    AnswersLate,
    /// Keeps each answer until it is released.
    Holds,
    /// Approves ten euros.
    Partly,
    /// Declines with 51.
    Declines,
    /// Has a malfunction.
    Malfunctions,
    /// Answers reversals and inquiries with: there is no such original.
    HasNone,
    /// Answers nothing but inquiries.
    Inquiries,
}

type Heard = Arc<Mutex<Vec<(Mti, u64)>>>;
type Writer = Arc<tokio::sync::Mutex<OwnedWriteHalf>>;
type Held = Arc<Mutex<Vec<(Writer, Vec<u8>)>>>;

pub struct FakeAcquirer {
    pub address: SocketAddr,
    heard: Heard,
    mood: Arc<Mutex<Mood>>,
    held: Held,
    task: AbortHandle,
}

/// What a connection needs.
#[derive(Clone)]
struct Desk {
    heard: Heard,
    mood: Arc<Mutex<Mood>>,
    held: Held,
    profile: Arc<Profile>,
}

impl FakeAcquirer {
    pub async fn start() -> Self {
        Self::speaking("").await
    }

    /// Speaks as a profile says.
    pub async fn speaking(profile: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let desk = Desk {
            heard: Heard::default(),
            mood: Arc::new(Mutex::new(Mood::Answers)),
            held: Held::default(),
            profile: Arc::new(Profile::from_toml(profile).expect("a profile")),
        };
        let ours = desk.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, desk.clone()));
            }
        });
        Self {
            address,
            heard: ours.heard,
            mood: ours.mood,
            held: ours.held,
            task: task.abort_handle(),
        }
    }

    pub fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }

    /// What it was sent, without sign-ons and echoes.
    pub fn heard(&self) -> Vec<Mti> {
        self.heard_with_stan()
            .into_iter()
            .map(|(mti, _)| mti)
            .collect()
    }

    /// The same with their trace numbers.
    pub fn heard_with_stan(&self) -> Vec<(Mti, u64)> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard
            .iter()
            .copied()
            .filter(|(mti, _)| *mti != Mti::Network)
            .collect()
    }

    /// Waits until it was sent so many.
    pub async fn has_heard(&self, count: usize) {
        while self.heard().len() < count {
            tokio::task::yield_now().await;
        }
    }

    /// Sends the answers that it kept.
    pub async fn release(&self) {
        let held = std::mem::take(&mut *self.held.lock().unwrap_or_else(PoisonError::into_inner));
        for (writer, answer) in held {
            writer
                .lock()
                .await
                .write_all(&answer)
                .await
                .expect("the line is up");
        }
    }
}

impl Drop for FakeAcquirer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn talk(stream: TcpStream, desk: Desk) {
    let (mut read, write) = stream.into_split();
    let writer: Writer = Arc::new(tokio::sync::Mutex::new(write));
    let mut deframer = Deframer::default();
    let mut bytes = [0; 4096];
    let mut late = None;
    let format = desk.profile.format;
    while let Ok(len @ 1..) = read.read(&mut bytes).await {
        deframer.push(&bytes[..len]);
        while let Some(message) = deframer.message().expect("the collector frames well") {
            let request = Message::read(&format, &message).expect("and writes well");
            let stan = request.number(de::STAN).expect("each has one");
            desk.heard
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((request.mti(), stan));
            let mood = *desk.mood.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(answer) = answer_to(&request, mood) else {
                if mood == Mood::HangsUp {
                    return;
                }
                continue;
            };
            let mut framed = frame(&answer.write(&format.of_answer())).expect("it fits");
            let is_network = request.mti() == Mti::Network;
            if mood == Mood::Holds && !is_network {
                let mut held = desk.held.lock().unwrap_or_else(PoisonError::into_inner);
                held.push((Arc::clone(&writer), framed));
                continue;
            }
            if mood == Mood::AnswersLate && request.mti() == Mti::Authorisation {
                late = Some(framed);
                continue;
            }
            if request.mti().to() == AnswerTo::Reversal {
                framed = [late.take().unwrap_or_default(), framed].concat();
            }
            if writer.lock().await.write_all(&framed).await.is_err() {
                return;
            }
        }
    }
}

fn answer_to(request: &Message, mood: Mood) -> Option<Message> {
    let to = request.mti().to();
    let silent = match mood {
        Mood::Silent | Mood::HangsUp => to != AnswerTo::Network,
        Mood::Inquiries => !matches!(to, AnswerTo::Network | AnswerTo::Inquiry),
        _ => false,
    };
    if silent {
        return None;
    }
    let mti = request.mti().answer().expect("a request");
    let mut answer = Message::of(request.edition(), mti);
    for field in [
        de::AMOUNT,
        de::STAN,
        de::LOCAL_TIME,
        de::LOCAL_DATE,
        de::TERMINAL,
        de::CURRENCY,
    ] {
        if let Some(content) = request.get(field) {
            answer.set(field, content).expect("it came from a message");
        }
    }
    let charge = matches!(to, AnswerTo::Authorisation | AnswerTo::Advice);
    let code = match mood {
        Mood::Partly if to == AnswerTo::Authorisation => "10",
        Mood::Declines if charge => "51",
        Mood::Malfunctions if to != AnswerTo::Network => "96",
        Mood::HasNone if matches!(to, AnswerTo::Reversal | AnswerTo::Inquiry) => "25",
        _ => "00",
    };
    if code == "10" {
        answer.set_number(de::AMOUNT, 1000).expect("a number");
    }
    if mood == Mood::Garbles && mti == Mti::AuthorisationAnswer {
        answer.set_number(de::AMOUNT, 1).expect("a number");
    }
    let code = match request.edition() {
        sealpoint_acquirer::Edition::Y1987 => code.to_owned(),
        sealpoint_acquirer::Edition::Y1993 => {
            let code = code.as_bytes().try_into().expect("two characters");
            let action = sealpoint_acquirer::action_code::action_of(code);
            action.map(char::from).iter().collect()
        }
    };
    answer.set_text(de::RESPONSE_CODE, &code).expect("it fits");
    if matches!(to, AnswerTo::Authorisation | AnswerTo::Inquiry) {
        answer
            .set_text(de::APPROVAL_CODE, "654321")
            .expect("six characters");
    }
    Some(answer)
}

//! An acquirer that does what the test says, and remembers what it was sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use sealpoint_acquirer::table::de;
use sealpoint_acquirer::{Deframer, ISO_8583_1987, Message, Mti, frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// What it does with authorisations and reversals; a sign-on or an echo is always answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mood {
    Answers,
    Silent,
    HangsUp,
    /// Answers for another amount.
    Garbles,
    /// Answers an authorisation only once it is asked to reverse it.
    AnswersLate,
}

pub struct FakeAcquirer {
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<Mti>>>,
    mood: Arc<Mutex<Mood>>,
    task: AbortHandle,
}

impl FakeAcquirer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let heard = Arc::new(Mutex::new(vec![]));
        let mood = Arc::new(Mutex::new(Mood::Answers));
        let (h, m) = (Arc::clone(&heard), Arc::clone(&mood));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&h), Arc::clone(&m)));
            }
        });
        Self {
            address,
            heard,
            mood,
            task: task.abort_handle(),
        }
    }

    pub fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }

    /// What it was sent, without sign-ons and echoes.
    pub fn heard(&self) -> Vec<Mti> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard
            .iter()
            .copied()
            .filter(|mti| *mti != Mti::Network)
            .collect()
    }
}

impl Drop for FakeAcquirer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn talk(mut stream: TcpStream, heard: Arc<Mutex<Vec<Mti>>>, mood: Arc<Mutex<Mood>>) {
    let mut deframer = Deframer::default();
    let mut bytes = [0; 4096];
    let mut late = None;
    while let Ok(len @ 1..) = stream.read(&mut bytes).await {
        deframer.push(&bytes[..len]);
        while let Some(message) = deframer.message().expect("the collector frames well") {
            let request = Message::decode(&ISO_8583_1987, &message).expect("and writes well");
            heard
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(request.mti());
            let mood = *mood.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(answer) = answer_to(&request, mood) else {
                if mood == Mood::HangsUp {
                    return;
                }
                continue;
            };
            let mut framed = frame(&answer.encode()).expect("it fits");
            if mood == Mood::AnswersLate && request.mti() == Mti::Authorisation {
                late = Some(framed);
                continue;
            }
            if request.mti() == Mti::Reversal {
                framed = [late.take().unwrap_or_default(), framed].concat();
            }
            if stream.write_all(&framed).await.is_err() {
                return;
            }
        }
    }
}

fn answer_to(request: &Message, mood: Mood) -> Option<Message> {
    let mti = match request.mti() {
        Mti::Network => Mti::NetworkAnswer,
        _ if matches!(mood, Mood::Silent | Mood::HangsUp) => return None,
        Mti::Authorisation => Mti::AuthorisationAnswer,
        _ => Mti::ReversalAnswer,
    };
    let mut answer = Message::new(mti);
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
    if mood == Mood::Garbles && mti == Mti::AuthorisationAnswer {
        answer.set_number(de::AMOUNT, 1).expect("a number");
    }
    answer
        .set_text(de::RESPONSE_CODE, "00")
        .expect("two characters");
    if mti == Mti::AuthorisationAnswer {
        answer
            .set_text(de::APPROVAL_CODE, "654321")
            .expect("six characters");
    }
    Some(answer)
}

//! The course of a charge with contacts, phase by phase (EMV 4.4 Book 3 §8.2 and figure 7).

use crate::{
    action::{self, Verdict},
    atr::Atr,
    cvm::{self, Verifying},
    exchange::Answer,
    fault::Fault,
    generate_ac::{self, AcType, Asked, Given},
    gpo::{self, Initiated},
    issuer::{self, HostAnswer},
    kernel::{Kernel, Output, Stage, Step},
    lookup::{Known, LookUp},
    oda::{self, Round},
    online,
    outcome::{Decliner, Ending, HostVerdict, Refusal},
    pin::PinEntry,
    records::{self, Reading},
    restrictions, risk,
    script::{Scripts, When},
    selection::{Selection, Turn},
    tag, tc_hash,
    verification::Tsi,
};

impl Kernel {
    /// The card's whole answer, to the phase that waits for it.
    pub(crate) fn answered(&mut self, answer: &Answer) -> Step {
        // An early return leaves `Idle`; every one of them ends the charge.
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Selecting(mut selection) => {
                let turn = selection.answered(&self.dialogue.terminal, answer)?;
                self.turn(selection, turn)
            }
            Stage::Initiating(selection) => self.initiated(selection, answer),
            Stage::Reading(reading) => {
                reading.answered(&mut self.dialogue, answer)?;
                self.read_next(reading)
            }
            Stage::AuthenticatingCard => {
                oda::answered(&mut self.dialogue, answer)?;
                self.verify()
            }
            Stage::Verifying(mut verifying) => {
                let step = verifying.answered(&mut self.dialogue, answer)?;
                self.go_on_verifying(verifying, step)
            }
            Stage::CheckingRisk(checking) => {
                let step = checking.answered(&mut self.dialogue, answer);
                self.check_risk(step)
            }
            Stage::FirstAc { asked, decliner } => self.first_ac(asked, decliner, answer),
            Stage::AuthenticatingIssuer { scripts } => {
                issuer::authenticated(&mut self.dialogue, answer);
                self.scripts_before(scripts)
            }
            Stage::ScriptsBefore { mut running, all } => {
                running.answered(&mut self.dialogue, answer);
                self.next_script_before(running, all)
            }
            Stage::SecondAc { asked, scripts } => self.second_ac(asked, &scripts, answer),
            Stage::ScriptsAfter {
                mut running,
                ending,
            } => {
                running.answered(&mut self.dialogue, answer);
                self.next_script_after(running, ending)
            }
            Stage::Contactless(entry_point) => self.presented(entry_point, answer),
            Stage::Idle
            | Stage::Choosing(_)
            | Stage::LookingUp
            | Stage::AwaitingPin(_)
            | Stage::Online
            | Stage::Over(_) => Err(Fault::OutOfTurn.into()),
        }
    }

    // Application selection (Book 1 §12).

    pub(crate) fn select(&mut self, atr: &[u8]) -> Step {
        Atr::parse(atr).map_err(Fault::from)?;
        let (selection, command) = Selection::start();
        self.send(command, Stage::Selecting(selection))
    }

    pub(crate) fn chosen(&mut self, index: usize) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Choosing(mut selection) => {
                let turn = selection.chosen(index)?;
                self.turn(selection, turn)
            }
            _ => Err(Fault::OutOfTurn.into()),
        }
    }

    fn turn(&mut self, selection: Selection, turn: Turn) -> Step {
        match turn {
            Turn::Send(command) => self.send(command, Stage::Selecting(selection)),
            Turn::Choose(choices) => {
                self.stage = Stage::Choosing(selection);
                Ok(Output::Choose(choices))
            }
            Turn::Selected(selected) => {
                self.dialogue.take_up(*selected);
                let command = gpo::command(&mut self.dialogue)?;
                self.send(command, Stage::Initiating(selection))
            }
        }
    }

    // Application data (§10.1, §10.2).

    fn initiated(&mut self, mut selection: Selection, answer: &Answer) -> Step {
        match gpo::answered(&mut self.dialogue, answer)? {
            Initiated::Ready { afl } => self.read_next(Reading::plan(&afl)?),
            Initiated::ConditionsNotSatisfied => {
                self.dialogue.selected = None;
                let turn = selection.resume(&self.dialogue.terminal)?;
                self.turn(selection, turn)
            }
        }
    }

    fn read_next(&mut self, mut reading: Reading) -> Step {
        match reading.next() {
            Some(command) => self.send(command, Stage::Reading(reading)),
            None => self.look_up(),
        }
    }

    // What the terminal remembers of the card (Book 4 §6.3.5).

    fn look_up(&mut self) -> Step {
        records::complete(&mut self.dialogue)?;
        let store = &self.dialogue.store;
        let look_up = LookUp {
            pan: store.pan()?,
            sequence: store.optional(tag::PAN_SEQUENCE)?.map(|[number]| number),
        };
        self.stage = Stage::LookingUp;
        Ok(Output::LookUp(look_up))
    }

    pub(crate) fn known(&mut self, known: Known) -> Step {
        self.dialogue.known = known;
        self.authenticate()
    }

    // Offline data authentication, restrictions, cardholder verification (§10.3 to §10.5).

    fn authenticate(&mut self) -> Step {
        match oda::start(&mut self.dialogue) {
            Some(command) => self.send(command, Stage::AuthenticatingCard),
            None => self.verify(),
        }
    }

    fn verify(&mut self) -> Step {
        restrictions::check(&mut self.dialogue)?;
        let (verifying, step) = Verifying::start(&mut self.dialogue)?;
        self.go_on_verifying(verifying, step)
    }

    pub(crate) fn entered(&mut self, entry: PinEntry) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::AwaitingPin(mut verifying) => {
                let step = verifying.entered(&mut self.dialogue, entry)?;
                self.go_on_verifying(verifying, step)
            }
            _ => Err(Fault::OutOfTurn.into()),
        }
    }

    fn go_on_verifying(&mut self, verifying: Verifying, step: cvm::Step) -> Step {
        match step {
            cvm::Step::Send(command) => self.send(command, Stage::Verifying(verifying)),
            cvm::Step::Ask(request) => {
                self.stage = Stage::AwaitingPin(verifying);
                Ok(Output::AskPin(request))
            }
            cvm::Step::Done => {
                let step = risk::start(&mut self.dialogue)?;
                self.check_risk(step)
            }
        }
    }

    // Risk management and action analysis (§10.6, §10.7).

    fn check_risk(&mut self, step: risk::Step) -> Step {
        match step {
            risk::Step::Send(checking, command) => {
                self.send(command, Stage::CheckingRisk(checking))
            }
            risk::Step::Done => self.act(),
        }
    }

    fn act(&mut self) -> Step {
        let dialogue = &mut self.dialogue;
        tc_hash::announce(dialogue, tag::CDOL1);
        let verdict = action::before_host(dialogue)?;
        let decliner = verdict.decliner();
        issuer::decided_offline(dialogue, verdict.cryptogram());
        let (asked, command) = generate_ac::command(dialogue, verdict.cryptogram(), Round::First)?;
        self.send(command, Stage::FirstAc { asked, decliner })
    }

    // Card action analysis (§10.8, Book 4 §6.3.7).

    fn first_ac(&mut self, asked: Asked, decliner: Decliner, answer: &Answer) -> Step {
        let given = generate_ac::answered(&mut self.dialogue, asked, answer)?;
        self.dialogue.tsi |= Tsi::CARD_RISK;
        match given {
            Given::Cryptogram(cryptogram) if cryptogram.refuses_service() => {
                Err(Ending::NotAccepted(Refusal::ServiceNotAllowed))
            }
            Given::Cryptogram(cryptogram) => match cryptogram.kind {
                AcType::Tc => Err(Ending::ApprovedOffline),
                AcType::Arqc => self.go_online(),
                AcType::Aac => {
                    issuer::decided_offline(&mut self.dialogue, AcType::Aac);
                    Err(Ending::DeclinedOffline(decliner))
                }
            },
            // A card whose signature does not hold is declined (Book 4 §6.3.2.1). One that asked for
            // the host is told so, which ends its own part; the host is not asked.
            Given::Unproven(AcType::Arqc) => {
                issuer::decided_offline(&mut self.dialogue, AcType::Aac);
                self.ask_second_ac(AcType::Aac, Vec::new())
            }
            Given::Unproven(_) => {
                issuer::decided_offline(&mut self.dialogue, AcType::Aac);
                Err(self.declined())
            }
        }
    }

    // Online processing (§10.9).

    fn go_online(&mut self) -> Step {
        issuer::decided_offline(&mut self.dialogue, AcType::Arqc);
        let request = online::request(&mut self.dialogue)?;
        self.dialogue.host = HostVerdict::Asked;
        self.stage = Stage::Online;
        Ok(Output::GoOnline(Box::new(request)))
    }

    pub(crate) fn host_answered(&mut self, answer: &HostAnswer) -> Step {
        let scripts = answer.scripts().to_vec();
        match issuer::answered(&mut self.dialogue, answer) {
            Some(authenticate) => self.send(authenticate, Stage::AuthenticatingIssuer { scripts }),
            None => self.scripts_before(scripts),
        }
    }

    /// The default action codes decide (§10.7).
    pub(crate) fn unreachable(&mut self) -> Step {
        issuer::unreachable(&mut self.dialogue);
        tc_hash::announce(&mut self.dialogue, tag::CDOL2);
        let asked = match action::without_host(&self.dialogue)? {
            Verdict::ApproveOffline => AcType::Tc,
            Verdict::GoOnline | Verdict::Decline(_) => AcType::Aac,
        };
        issuer::decided_without_host(&mut self.dialogue, asked);
        self.ask_second_ac(asked, Vec::new())
    }

    /// The cashier no longer wants the charge, so that no code may approve it.
    pub(crate) fn given_up(&mut self) -> Step {
        issuer::unreachable(&mut self.dialogue);
        self.ask_second_ac(AcType::Aac, Vec::new())
    }

    // Scripts before the final cryptogram (§10.10).

    fn scripts_before(&mut self, all: Vec<u8>) -> Step {
        let running = Scripts::of(&mut self.dialogue, &all, When::Before);
        self.next_script_before(running, all)
    }

    fn next_script_before(&mut self, mut running: Scripts, all: Vec<u8>) -> Step {
        match running.next(&mut self.dialogue) {
            Some(command) => self.send(command, Stage::ScriptsBefore { running, all }),
            None => {
                let asked = match self.dialogue.host {
                    HostVerdict::Approved => AcType::Tc,
                    _ => AcType::Aac,
                };
                self.ask_second_ac(asked, all)
            }
        }
    }

    // Completion (§10.11), and scripts after it.

    fn ask_second_ac(&mut self, kind: AcType, scripts: Vec<u8>) -> Step {
        let dialogue = &mut self.dialogue;
        tc_hash::announce(dialogue, tag::CDOL2);
        let (asked, command) = generate_ac::command(dialogue, kind, Round::Second)?;
        self.send(command, Stage::SecondAc { asked, scripts })
    }

    fn second_ac(&mut self, asked: Asked, scripts: &[u8], answer: &Answer) -> Step {
        let given = generate_ac::answered(&mut self.dialogue, asked, answer)?;
        let ending = match (given, self.dialogue.host) {
            (Given::Cryptogram(given), HostVerdict::Approved) if given.kind == AcType::Tc => {
                Ending::Approved
            }
            (Given::Cryptogram(given), HostVerdict::Unreachable) if given.kind == AcType::Tc => {
                Ending::ApprovedOffline
            }
            (_, HostVerdict::Unreachable) => {
                issuer::decided_without_host(&mut self.dialogue, AcType::Aac);
                self.declined()
            }
            _ => self.declined(),
        };
        let running = Scripts::of(&mut self.dialogue, scripts, When::After);
        self.next_script_after(running, ending)
    }

    fn next_script_after(&mut self, mut running: Scripts, ending: Ending) -> Step {
        match running.next(&mut self.dialogue) {
            Some(command) => {
                let sent = self.exchange.send(command);
                self.stage = Stage::ScriptsAfter { running, ending };
                Ok(Output::Send(sent?))
            }
            None => Err(ending),
        }
    }
}

//! The pages of the preview, and an ear for what they tell.

#[path = "../../examples/preview/scenes.rs"]
mod scenes;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use sealpoint_screens::{Function, TillActions, TillWindow};
use slint::ComponentHandle;

pub use scenes::{ALL, common};

/// What a page told the till.
#[derive(Clone, PartialEq, Debug)]
pub enum Told {
    /// A key: its text, and whether a control had the focus ring.
    Key(String, bool),
    /// A function's button.
    Run(Function),
    /// An item's tile.
    Item(String),
    /// An answer to the question.
    Answer(bool),
}

/// What was told since it was last asked.
pub struct Heard(Rc<RefCell<Vec<Told>>>);

impl Heard {
    /// Everything told since the last call.
    pub fn take(&self) -> Vec<Told> {
        self.0.take()
    }
}

/// A page of the shop, on the testing backend.
pub fn page(scene: &dyn Fn(&TillWindow)) -> TillWindow {
    thread_local!(static BACKEND: () = i_slint_backend_testing::init_no_event_loop());
    BACKEND.with(|()| ());
    let window = TillWindow::new().expect("the testing backend needs no display");
    scenes::common(&window);
    scene(&window);
    window.show().expect("the testing backend needs no display");
    i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(200));
    window
}

/// The page with this name.
pub fn named(name: &str) -> fn(&TillWindow) {
    let found = ALL.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("there is no page {name}")).1
}

/// Listens; takes every key but Tab, Enter and Space on a control, as the till's adapter does.
pub fn heard(window: &TillWindow) -> Heard {
    let told = Rc::new(RefCell::new(vec![]));
    let actions = window.global::<TillActions>();
    let log = Rc::clone(&told);
    actions.on_key(move |text, _, _, _, on_control| {
        if text == "\t" || (on_control && (text == "\n" || text == " ")) {
            return false;
        }
        log.borrow_mut()
            .push(Told::Key(text.to_string(), on_control));
        true
    });
    let log = Rc::clone(&told);
    actions.on_run(move |function| log.borrow_mut().push(Told::Run(function)));
    let log = Rc::clone(&told);
    actions.on_press_item(move |id| log.borrow_mut().push(Told::Item(id.to_string())));
    let log = Rc::clone(&told);
    actions.on_answer(move |yes| log.borrow_mut().push(Told::Answer(yes)));
    Heard(told)
}

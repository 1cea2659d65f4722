//! The bar across the screen: what was said last, and the errors under it that nobody has read.

use crate::notice::{Level, Notice, NoticeCode};

/// At most this many unread errors wait under the one shown; beyond that the oldest goes.
const MAX_UNREAD: usize = 8;

/// What the cashier was told and has not read yet.
#[derive(Default, Debug)]
pub(crate) struct Bar {
    shown: Option<Notice>,
    unread: Vec<Notice>,
}

impl Bar {
    /// What stands in the bar.
    pub(crate) fn shown(&self) -> Option<&Notice> {
        self.shown.as_ref()
    }

    /// Says something. The same again counts up instead of hiding that it was said before.
    pub(crate) fn put(&mut self, mut notice: Notice) {
        if let Some(old) = self.shown.as_mut().filter(|old| same(old, &notice)) {
            old.times = old.times.saturating_add(1);
            return;
        }
        let shows_error = self.shown.as_ref().is_some_and(|n| n.level == Level::Error);
        if shows_error && matches!(notice.level, Level::Info | Level::Success) {
            // Good news never hides an error that nobody has read.
            return;
        }
        if let Some(index) = self.unread.iter().position(|old| same(old, &notice)) {
            notice.times = self.unread.remove(index).times.saturating_add(1);
        }
        let over_error = notice.level == Level::Error;
        if let Some(old) = self.shown.replace(notice)
            && old.level == Level::Error
            && (!over_error || old.code.must_be_read())
        {
            self.unread.push(old);
            if self.unread.len() > MAX_UNREAD {
                self.unread.remove(0);
            }
        }
    }

    /// An action takes away what is no error; an error stays until it is read.
    pub(crate) fn fade(&mut self) {
        if self.shown.as_ref().is_some_and(|n| n.level != Level::Error) {
            self.read();
        }
    }

    /// The cashier has read what is shown; the next unread error takes its place.
    pub(crate) fn read(&mut self) {
        self.shown = self.unread.pop();
    }

    /// Takes back what is no longer so.
    pub(crate) fn forget(&mut self, gone: impl Fn(NoticeCode) -> bool) {
        self.unread.retain(|n| !gone(n.code));
        if self.shown.as_ref().is_some_and(|n| gone(n.code)) {
            self.read();
        }
    }
}

fn same(a: &Notice, b: &Notice) -> bool {
    a.code == b.code && a.args == b.args
}

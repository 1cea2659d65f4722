-- Version 2: quarantine, clocks that were set back, work for a person.

-- Why a record does not count yet: it came under a certificate that was no longer good.
ALTER TABLE record ADD COLUMN quarantine TEXT;
-- How far the till's clock was set back, milliseconds.
ALTER TABLE record ADD COLUMN clock_behind_ms INTEGER;
CREATE INDEX record_by_time ON record (at_ms);

-- Highest epoch that has come of a terminal: a later one is a restore from a back-up.
ALTER TABLE terminal ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
UPDATE terminal SET epoch = coalesce(
    (SELECT max(progress.epoch) FROM progress WHERE progress.terminal = terminal.name), 0);

-- What a person must settle: an advice that was declined, a charge that no sale is behind.
CREATE TABLE work_item (
    number       INTEGER PRIMARY KEY,
    terminal     TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    what         TEXT    NOT NULL,
    amount_minor INTEGER,
    currency     TEXT,
    opened_ms    INTEGER NOT NULL,
    closed_ms    INTEGER,
    closed_by    TEXT,
    note         TEXT,
    UNIQUE (terminal, subject, what)
) STRICT;

-- Each day's last reconciliation.
CREATE TABLE reconciliation (
    day          TEXT    NOT NULL PRIMARY KEY,
    made_ms      INTEGER NOT NULL,
    matched      INTEGER NOT NULL,
    unmatched    INTEGER NOT NULL,
    report       TEXT    NOT NULL
) STRICT;

CREATE INDEX attempt_by_day ON attempt (local_time);

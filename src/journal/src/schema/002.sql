-- 002: charges without the issuer, work for a person, the latest time, and fewer pages per sale.
-- Everything of 001 is kept, each queued record with its bytes and its hash.

-- What a commit of a sale writes is what a sale waits for: each table and index that it touches is
-- a page more. So a record's place is its key, and what follows from other rows is not kept twice.

CREATE TABLE terminal_2 (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    terminal        TEXT    NOT NULL,
    epoch           INTEGER NOT NULL CHECK (epoch BETWEEN 1 AND 2147483647),
    -- The receipt numbers up to here are used up, whether or not their receipts are here: a restore
    -- leaves out those that may have been printed after the backup.
    receipts_before INTEGER NOT NULL CHECK (receipts_before >= 0),
    last_stan       INTEGER NOT NULL CHECK (last_stan BETWEEN 0 AND 999999),
    -- The latest time that this till's clock or the collector has shown.
    latest_ms       INTEGER NOT NULL
) STRICT;
INSERT INTO terminal_2
    SELECT one, terminal, epoch, last_receipt_no, last_stan,
           coalesce((SELECT max(at_ms) FROM sale), 0)
    FROM terminal;

-- What was committed, as the collector gets it; kept after it left the outbox. Its number is its
-- epoch and its sequence within it, so neither can be there twice, and the next follows the last.
CREATE TABLE record_2 (
    number          INTEGER PRIMARY KEY CHECK (number = epoch * 4294967296 + seq),
    id              BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    epoch           INTEGER NOT NULL CHECK (epoch BETWEEN 1 AND 2147483647),
    seq             INTEGER NOT NULL CHECK (seq BETWEEN 1 AND 4294967295),
    kind            TEXT    NOT NULL,
    sale            BLOB    NOT NULL CHECK (length(sale) = 16),
    at_ms           INTEGER NOT NULL,
    clock_behind_ms INTEGER CHECK (clock_behind_ms > 0),
    body            TEXT    NOT NULL CHECK (json_valid(body)),
    hash            BLOB    NOT NULL CHECK (length(hash) = 32),
    acked           TEXT    CHECK (acked IN ('created', 'exists'))
) STRICT;
INSERT INTO record_2
    SELECT epoch * 4294967296 + seq, id, epoch, seq, kind, sale, at_ms, NULL, body, hash, acked
    FROM record;

CREATE TABLE sale_2 (
    receipt_no   INTEGER PRIMARY KEY CHECK (receipt_no >= 1),
    id           BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    record       INTEGER NOT NULL REFERENCES record_2 (number),
    shift        INTEGER NOT NULL REFERENCES shift (number),
    kind         TEXT    NOT NULL,
    cashier      TEXT    NOT NULL,
    at_ms        INTEGER NOT NULL,
    receipt_text TEXT    NOT NULL,
    total_minor  INTEGER NOT NULL,
    cash_minor   INTEGER NOT NULL,
    card_minor   INTEGER NOT NULL
) STRICT;
INSERT INTO sale_2
    SELECT sale.receipt_no, sale.id, record.epoch * 4294967296 + record.seq, sale.shift, sale.kind,
           sale.cashier, sale.at_ms, sale.receipt_text, sale.total_minor, sale.cash_minor,
           sale.card_minor
    FROM sale JOIN record ON record.id = sale.record;

-- Records that the collector has not acknowledged. Narrow on purpose: its figures are summed for
-- every view of the queue.
CREATE TABLE outbox_2 (
    record        INTEGER PRIMARY KEY REFERENCES record_2 (number),
    at_ms         INTEGER NOT NULL,
    at_risk_minor INTEGER NOT NULL,
    held_why      TEXT
) STRICT;
INSERT INTO outbox_2
    SELECT record.epoch * 4294967296 + record.seq, outbox.at_ms, outbox.at_risk_minor,
           outbox.held_why
    FROM outbox JOIN record ON record.id = outbox.record;

DROP TABLE outbox;
DROP TABLE cash_movement;
DROP TABLE sale;
DROP TABLE record;
DROP TABLE terminal;
ALTER TABLE terminal_2 RENAME TO terminal;
ALTER TABLE record_2 RENAME TO record;
ALTER TABLE sale_2 RENAME TO sale;
ALTER TABLE outbox_2 RENAME TO outbox;

-- Every cash that came into the drawer.
CREATE VIEW cash_movement AS
    SELECT receipt_no AS number, shift, id AS sale, at_ms, cash_minor AS amount_minor
    FROM sale WHERE cash_minor <> 0;

-- How the charge came about: the issuer was asked; it was not and gets an advice; or nobody knows
-- any more, because the journal was restored from a backup while the attempt was open in it.
ALTER TABLE attempt ADD COLUMN way TEXT NOT NULL DEFAULT 'online'
    CHECK (way IN ('online', 'offline', 'restored'));
-- What was approved, where it is less than was asked for.
ALTER TABLE attempt ADD COLUMN approved_minor INTEGER
    CHECK (approved_minor BETWEEN 1 AND amount_minor - 1);
-- The same for each charge of one card: its token, or else what may be kept of it.
ALTER TABLE attempt ADD COLUMN card_key TEXT;
-- How often its reversal was tried.
ALTER TABLE attempt ADD COLUMN reversal_tries INTEGER NOT NULL DEFAULT 0
    CHECK (reversal_tries >= 0);

-- As `CardKey::of` has it for a card without a token.
UPDATE attempt SET card_key = coalesce(json_extract(card, '$.token'),
        json_extract(card, '$.truncated_pan') || '|' || json_extract(card, '$.label') || '|'
        || json_extract(card, '$.aid'))
    WHERE card IS NOT NULL;

-- A card's charges, newest last.
CREATE INDEX attempt_card ON attempt (card_key, number) WHERE card_key IS NOT NULL;

-- Whoever may have been charged and no machine can tell is no longer in the way of a sale.
DROP INDEX attempt_unresolved;
CREATE UNIQUE INDEX attempt_unresolved ON attempt (sale)
    WHERE state IN ('INTENT', 'SENT', 'UNKNOWN') AND way <> 'restored';

-- Every way an attempt may go. A row that is not here cannot be taken: each state change is an
-- UPDATE that joins this table.
DROP TABLE attempt_step;
CREATE TABLE attempt_step (
    found      TEXT NOT NULL,
    found_way  TEXT NOT NULL CHECK (found_way IN ('online', 'offline', 'restored')),
    wanted     TEXT NOT NULL,
    wanted_way TEXT NOT NULL CHECK (wanted_way IN ('online', 'offline', 'restored')),
    PRIMARY KEY (found, found_way, wanted, wanted_way)
) STRICT, WITHOUT ROWID;

INSERT INTO attempt_step VALUES
    ('INTENT',       'online',   'SENT',         'online'),
    ('INTENT',       'online',   'DECLINED',     'online'),
    ('SENT',         'online',   'APPROVED',     'online'),
    ('SENT',         'online',   'DECLINED',     'online'),
    ('SENT',         'online',   'UNKNOWN',      'online'),
    ('SENT',         'online',   'REVERSAL_DUE', 'online'),
    ('UNKNOWN',      'online',   'APPROVED',     'online'),
    ('UNKNOWN',      'online',   'DECLINED',     'online'),
    ('UNKNOWN',      'online',   'REVERSAL_DUE', 'online'),
    ('APPROVED',     'online',   'COMMITTED',    'online'),
    ('APPROVED',     'online',   'REVERSAL_DUE', 'online'),
    ('REVERSAL_DUE', 'online',   'REVERSED',     'online'),
    -- Nobody was asked, so nothing is to be reversed.
    ('INTENT',       'online',   'APPROVED',     'offline'),
    ('SENT',         'online',   'APPROVED',     'offline'),
    ('APPROVED',     'offline',  'COMMITTED',    'offline'),
    ('APPROVED',     'offline',  'DECLINED',     'offline'),
    -- In a journal that was restored from a backup.
    ('INTENT',       'online',   'UNKNOWN',      'restored'),
    ('SENT',         'online',   'UNKNOWN',      'restored'),
    ('UNKNOWN',      'online',   'UNKNOWN',      'restored'),
    ('APPROVED',     'online',   'UNKNOWN',      'restored'),
    ('APPROVED',     'offline',  'UNKNOWN',      'restored'),
    ('UNKNOWN',      'restored', 'COMMITTED',    'restored'),
    ('UNKNOWN',      'restored', 'DECLINED',     'restored'),
    ('UNKNOWN',      'restored', 'REVERSAL_DUE', 'restored'),
    ('REVERSAL_DUE', 'restored', 'REVERSED',     'restored');

-- What the acquirer must be told of a charge without it; gone with what is sealed in it once there
-- is an answer. In the order of the attempts.
CREATE TABLE advice (
    attempt  INTEGER PRIMARY KEY REFERENCES attempt (number),
    kind     TEXT    NOT NULL CHECK (kind IN ('offline_approved', 'deferred')),
    -- By the latest time that was known when the card was charged.
    since_ms INTEGER NOT NULL,
    sealed   TEXT    NOT NULL CHECK (json_valid(sealed)),
    de55     BLOB    NOT NULL
) STRICT;

-- What a person has to settle. Never removed.
CREATE TABLE work_item (
    number       INTEGER PRIMARY KEY,
    kind         TEXT    NOT NULL CHECK (kind IN ('advice_declined', 'advice_refused',
                                   'advice_expired', 'reversal_refused', 'restored_attempt')),
    attempt      INTEGER NOT NULL REFERENCES attempt (number),
    why          TEXT    NOT NULL,
    opened_at_ms INTEGER NOT NULL,
    closed_at_ms INTEGER,
    closed_by    TEXT,
    note         TEXT,
    CHECK ((closed_at_ms IS NULL) = (closed_by IS NULL)),
    CHECK ((closed_at_ms IS NULL) = (note IS NULL))
) STRICT;
-- One of a kind is open for an attempt.
CREATE UNIQUE INDEX work_item_open ON work_item (attempt, kind) WHERE closed_at_ms IS NULL;

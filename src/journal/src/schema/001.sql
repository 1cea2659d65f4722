-- 001: the terminal, its basket, attempts, sales, records and outbox.
-- Money is INTEGER minor units; ids are the 16 bytes of a UUID; times are ms since the Unix epoch.

CREATE TABLE terminal (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    terminal        TEXT    NOT NULL,
    epoch           INTEGER NOT NULL CHECK (epoch BETWEEN 1 AND 4294967295),
    last_seq        INTEGER NOT NULL CHECK (last_seq >= 0),
    last_receipt_no INTEGER NOT NULL CHECK (last_receipt_no >= 0),
    last_stan       INTEGER NOT NULL CHECK (last_stan BETWEEN 0 AND 999999)
) STRICT;

CREATE TABLE shift (
    number      INTEGER PRIMARY KEY,
    sales       INTEGER NOT NULL CHECK (sales >= 0),
    voided      INTEGER NOT NULL CHECK (voided >= 0),
    total_minor INTEGER NOT NULL,
    cash_minor  INTEGER NOT NULL,
    card_minor  INTEGER NOT NULL
) STRICT;

INSERT INTO shift VALUES (1, 0, 0, 0, 0, 0);

-- The open basket; at most one.
CREATE TABLE draft (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    sale BLOB    NOT NULL CHECK (length(sale) = 16),
    body TEXT    NOT NULL CHECK (json_valid(body))
) STRICT;

CREATE TABLE parked (
    sale         BLOB    PRIMARY KEY CHECK (length(sale) = 16),
    parked_at_ms INTEGER NOT NULL,
    title        TEXT    NOT NULL,
    body         TEXT    NOT NULL CHECK (json_valid(body))
) STRICT;

-- Every way an attempt may go. A row that is not here cannot be taken: each state change is an
-- UPDATE that joins this table.
CREATE TABLE attempt_step (
    found  TEXT NOT NULL,
    wanted TEXT NOT NULL,
    PRIMARY KEY (found, wanted)
) STRICT, WITHOUT ROWID;

INSERT INTO attempt_step VALUES
    ('INTENT',       'SENT'),
    ('INTENT',       'DECLINED'),
    ('SENT',         'APPROVED'),
    ('SENT',         'DECLINED'),
    ('SENT',         'UNKNOWN'),
    ('SENT',         'REVERSAL_DUE'),
    ('UNKNOWN',      'REVERSAL_DUE'),
    ('APPROVED',     'COMMITTED'),
    ('APPROVED',     'REVERSAL_DUE'),
    ('REVERSAL_DUE', 'REVERSED');

CREATE TABLE attempt (
    number        INTEGER PRIMARY KEY,
    id            BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    sale          BLOB    NOT NULL CHECK (length(sale) = 16),
    stan          INTEGER NOT NULL CHECK (stan BETWEEN 1 AND 999999),
    amount_minor  INTEGER NOT NULL CHECK (amount_minor BETWEEN 1 AND 999999999999),
    currency      TEXT    NOT NULL CHECK (length(currency) = 3),
    local_time    TEXT    NOT NULL CHECK (length(local_time) = 14),
    at_ms         INTEGER NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('INTENT', 'SENT', 'APPROVED', 'DECLINED',
                                    'UNKNOWN', 'COMMITTED', 'REVERSAL_DUE', 'REVERSED')),
    card          TEXT,
    approval_code TEXT,
    emv           TEXT,
    why           TEXT
) STRICT;

-- One attempt per sale may be unresolved.
CREATE UNIQUE INDEX attempt_unresolved ON attempt (sale)
    WHERE state IN ('INTENT', 'SENT', 'UNKNOWN');
-- What a start has to look at.
CREATE INDEX attempt_open ON attempt (number)
    WHERE state IN ('INTENT', 'SENT', 'UNKNOWN', 'APPROVED', 'REVERSAL_DUE');
CREATE INDEX attempt_sale ON attempt (sale);

-- What was committed, as the collector gets it; kept after it left the outbox.
CREATE TABLE record (
    id    BLOB    PRIMARY KEY CHECK (length(id) = 16),
    epoch INTEGER NOT NULL,
    seq   INTEGER NOT NULL CHECK (seq >= 1),
    kind  TEXT    NOT NULL,
    sale  BLOB    NOT NULL CHECK (length(sale) = 16),
    at_ms INTEGER NOT NULL,
    body  TEXT    NOT NULL CHECK (json_valid(body)),
    hash  BLOB    NOT NULL CHECK (length(hash) = 32),
    acked TEXT    CHECK (acked IN ('created', 'exists')),
    UNIQUE (epoch, seq)
) STRICT;

CREATE TABLE sale (
    id           BLOB    PRIMARY KEY CHECK (length(id) = 16),
    record       BLOB    NOT NULL UNIQUE REFERENCES record (id),
    shift        INTEGER NOT NULL REFERENCES shift (number),
    kind         TEXT    NOT NULL,
    cashier      TEXT    NOT NULL,
    at_ms        INTEGER NOT NULL,
    receipt_no   INTEGER NOT NULL UNIQUE CHECK (receipt_no >= 1),
    receipt_text TEXT    NOT NULL,
    total_minor  INTEGER NOT NULL,
    cash_minor   INTEGER NOT NULL,
    card_minor   INTEGER NOT NULL
) STRICT;

CREATE TABLE cash_movement (
    number       INTEGER PRIMARY KEY,
    shift        INTEGER NOT NULL REFERENCES shift (number),
    sale         BLOB    NOT NULL UNIQUE REFERENCES sale (id),
    at_ms        INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor <> 0)
) STRICT;

-- Records that the collector has not acknowledged. Narrow on purpose: its figures are summed for
-- every view of the queue.
CREATE TABLE outbox (
    number        INTEGER PRIMARY KEY,
    record        BLOB    NOT NULL UNIQUE REFERENCES record (id),
    at_ms         INTEGER NOT NULL,
    at_risk_minor INTEGER NOT NULL,
    held_why      TEXT
) STRICT;

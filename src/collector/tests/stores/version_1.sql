-- Amounts are minor units. Identities are the 16 bytes of their UUID.

CREATE TABLE record (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    terminal     TEXT    NOT NULL,
    epoch        INTEGER NOT NULL,
    seq          INTEGER NOT NULL CHECK (seq > 0),
    kind         TEXT    NOT NULL CHECK (kind IN ('sale', 'voided_sale')),
    sale         BLOB    NOT NULL CHECK (length(sale) = 16),
    at_ms        INTEGER NOT NULL,
    received_ms  INTEGER NOT NULL,
    body         TEXT    NOT NULL,
    hash         BLOB    NOT NULL CHECK (length(hash) = 32),
    receipt_no   INTEGER NOT NULL,
    currency     TEXT    NOT NULL,
    total_minor  INTEGER NOT NULL,
    cash_minor   INTEGER NOT NULL,
    card_minor   INTEGER NOT NULL,
    UNIQUE (terminal, epoch, seq)
) STRICT;

CREATE INDEX record_by_arrival ON record (received_ms);

-- What has come of each terminal, kept in the same commit as its records.
CREATE TABLE terminal (
    name         TEXT    NOT NULL PRIMARY KEY,
    currency     TEXT    NOT NULL,
    sales        INTEGER NOT NULL,
    voided       INTEGER NOT NULL,
    total_minor  INTEGER NOT NULL,
    cash_minor   INTEGER NOT NULL,
    card_minor   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Highest sequence below which nothing is missing.
CREATE TABLE progress (
    terminal     TEXT    NOT NULL,
    epoch        INTEGER NOT NULL,
    contiguous   INTEGER NOT NULL,
    PRIMARY KEY (terminal, epoch)
) STRICT, WITHOUT ROWID;

-- One try to charge a card. Sealed card data is never stored, only a hash of the request.
CREATE TABLE attempt (
    attempt      BLOB    NOT NULL PRIMARY KEY CHECK (length(attempt) = 16),
    terminal     TEXT    NOT NULL,
    stan         INTEGER NOT NULL,
    local_time   TEXT    NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency     TEXT    NOT NULL,
    request_hash BLOB             CHECK (length(request_hash) = 32),
    state        TEXT    NOT NULL
        CHECK (state IN ('SENT', 'ANSWERED', 'UNKNOWN', 'REVERSAL_DUE', 'REVERSED')),
    answer       TEXT,
    reversals    INTEGER NOT NULL DEFAULT 0,
    begun_ms     INTEGER NOT NULL,
    changed_ms   INTEGER NOT NULL
) STRICT;

-- What an operator must look at. The same again only counts up.
CREATE TABLE alarm (
    number       INTEGER PRIMARY KEY,
    terminal     TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    what         TEXT    NOT NULL,
    times        INTEGER NOT NULL,
    first_ms     INTEGER NOT NULL,
    last_ms      INTEGER NOT NULL,
    UNIQUE (terminal, subject, what)
) STRICT;

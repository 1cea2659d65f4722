-- Version 1. Amounts are minor units. Identities are the 16 bytes of their UUID.
--
-- Written for SQLite; dialect.rs says how PostgreSQL reads it. The table of records is
-- in 1_record.*.sql, for there the two differ.

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

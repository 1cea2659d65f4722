-- Tills and their certificates.

-- A code by which one till gets a certificate, once. Of its secret only a hash is kept.
CREATE TABLE enrolment_code (
    name         TEXT    NOT NULL PRIMARY KEY,
    hash         BLOB    NOT NULL CHECK (length(hash) = 32),
    terminal     TEXT    NOT NULL,
    until_ms     INTEGER NOT NULL,
    misses       INTEGER NOT NULL DEFAULT 0,
    -- The key that it was used for.
    key_hash     BLOB             CHECK (length(key_hash) = 32)
) STRICT;

-- Certificates that collectors of this store gave, and others that were revoked by their number.
CREATE TABLE till_certificate (
    serial       TEXT    NOT NULL PRIMARY KEY,
    terminal     TEXT    NOT NULL,
    issued_ms    INTEGER NOT NULL,
    expires_ms   INTEGER NOT NULL,
    revoked_ms   INTEGER,
    revoked_why  TEXT
) STRICT;

CREATE INDEX till_certificate_by_terminal ON till_certificate (terminal, issued_ms);

-- What holds for all certificates of a terminal that were issued up to a moment.
CREATE TABLE till_standing (
    terminal     TEXT    NOT NULL PRIMARY KEY,
    seen_ms      INTEGER,
    seen_serial  TEXT,
    revoked_ms   INTEGER,
    revoked_why  TEXT,
    lost_ms      INTEGER,
    erase_order  TEXT,
    stolen       INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX record_in_quarantine ON record (terminal) WHERE quarantine IS NOT NULL;

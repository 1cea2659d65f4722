-- Version 3: what tills' TPMs say of them.

-- A till's TPM, as it became known, and the last that was made of what it said.
CREATE TABLE attested_till (
    terminal        TEXT    NOT NULL PRIMARY KEY,
    -- The name of its attestation key, once that was proven to live beside the endorsement key.
    key_name        BLOB             CHECK (length(key_name) = 34),
    endorsement     BLOB             CHECK (length(endorsement) = 34),
    certificate     BLOB,
    -- What its firmware's registers held then: JSON.
    firmware        TEXT,
    known_ms        INTEGER,
    verdict         TEXT    NOT NULL,
    reason          TEXT    NOT NULL,
    why             TEXT    NOT NULL,
    image           TEXT,
    verdict_ms      INTEGER NOT NULL,
    -- When it was last trusted.
    trusted_ms      INTEGER,
    -- All registers that it last showed, and its TPM's counts: JSON and numbers.
    registers       TEXT,
    resets          INTEGER,
    restarts        INTEGER
) STRICT;

-- The challenge that a till is to answer next.
CREATE TABLE attestation_challenge (
    terminal        TEXT    NOT NULL PRIMARY KEY,
    nonce           BLOB    NOT NULL CHECK (length(nonce) = 32),
    until_ms        INTEGER NOT NULL,
    attestation_key BLOB    NOT NULL,
    endorsement     BLOB    NOT NULL CHECK (length(endorsement) = 34),
    certificate     BLOB,
    -- Of what it is to open, if it has to; only a hash.
    secret_hash     BLOB             CHECK (length(secret_hash) = 32)
) STRICT;

-- What images' builds say of their registers, as it was loaded.
CREATE TABLE reference_image (
    image           TEXT    NOT NULL PRIMARY KEY,
    rollback_index  INTEGER NOT NULL,
    body            TEXT    NOT NULL,
    loaded_ms       INTEGER NOT NULL
) STRICT;

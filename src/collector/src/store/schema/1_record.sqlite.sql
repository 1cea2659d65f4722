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

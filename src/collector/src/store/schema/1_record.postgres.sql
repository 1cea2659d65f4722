-- Partitioned by month of arrival, so that an old month goes with one DROP TABLE. What must be
-- unique over all months is in record_key, which stays.
CREATE TABLE record (
    id           BYTEA   NOT NULL CHECK (length(id) = 16),
    terminal     TEXT    NOT NULL,
    epoch        BIGINT  NOT NULL,
    seq          BIGINT  NOT NULL CHECK (seq > 0),
    kind         TEXT    NOT NULL CHECK (kind IN ('sale', 'voided_sale')),
    sale         BYTEA   NOT NULL CHECK (length(sale) = 16),
    at_ms        BIGINT  NOT NULL,
    received_ms  BIGINT  NOT NULL,
    body         TEXT    NOT NULL,
    hash         BYTEA   NOT NULL CHECK (length(hash) = 32),
    receipt_no   BIGINT  NOT NULL,
    currency     TEXT    NOT NULL,
    total_minor  BIGINT  NOT NULL,
    cash_minor   BIGINT  NOT NULL,
    card_minor   BIGINT  NOT NULL,
    PRIMARY KEY (received_ms, id)
) PARTITION BY RANGE (received_ms);

CREATE TABLE record_key (
    id           BYTEA   NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    terminal     TEXT    NOT NULL,
    epoch        BIGINT  NOT NULL,
    seq          BIGINT  NOT NULL CHECK (seq > 0),
    hash         BYTEA   NOT NULL CHECK (length(hash) = 32),
    received_ms  BIGINT  NOT NULL,
    UNIQUE (terminal, epoch, seq)
);

-- What the chain's own systems are still owed: each record from the commit that stored it until the
-- sink has acknowledged it. Kept whether or not a sink is there, so that one that comes later misses
-- nothing.
CREATE TABLE sink_outbox (
    received_ms  INTEGER NOT NULL,
    id           BLOB    NOT NULL CHECK (length(id) = 16),
    due_ms       INTEGER NOT NULL,
    holder       TEXT,
    PRIMARY KEY (received_ms, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX sink_outbox_held ON sink_outbox (holder) WHERE holder IS NOT NULL;

INSERT INTO sink_outbox (received_ms, id, due_ms)
SELECT received_ms, id, received_ms FROM record;

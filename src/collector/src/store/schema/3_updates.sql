-- Version 3: which image each till runs, and how an update of it stands, as it said last.

CREATE TABLE till_image (
    terminal        TEXT    NOT NULL PRIMARY KEY,
    running         TEXT,
    -- In the other slot, waiting for a restart.
    installed       TEXT,
    -- Images that did not come up, with spaces between.
    failed          TEXT    NOT NULL,
    told            TEXT    NOT NULL,
    at_ms           INTEGER NOT NULL
) STRICT;

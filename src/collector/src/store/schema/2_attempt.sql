-- Version 2: advices, inquiries, and several collectors at one store.

-- The sale that an authorisation or an advice is for.
ALTER TABLE attempt ADD COLUMN sale BLOB;
-- How a charge without the issuer came about; none for an authorisation.
ALTER TABLE attempt ADD COLUMN advice TEXT;
-- How often the advice was sent.
ALTER TABLE attempt ADD COLUMN advised INTEGER NOT NULL DEFAULT 0;
-- 1 if it was inquired about before it was asked for: it will never be asked.
ALTER TABLE attempt ADD COLUMN never_seen INTEGER NOT NULL DEFAULT 0;
-- Until then its request may be on its way; the collector that sent it waits no longer.
ALTER TABLE attempt ADD COLUMN in_flight_until_ms INTEGER NOT NULL DEFAULT 0;
-- How often its reversal was tried in vain, when it is tried next, and until when a collector is
-- at it.
ALTER TABLE attempt ADD COLUMN reversal_tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempt ADD COLUMN next_try_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempt ADD COLUMN claimed_until_ms INTEGER NOT NULL DEFAULT 0;
CREATE INDEX attempt_by_trace ON attempt (terminal, stan);
CREATE INDEX attempt_open ON attempt (state, next_try_ms)
    WHERE state IN ('SENT', 'REVERSAL_DUE');

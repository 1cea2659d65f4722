-- PostgreSQL has a table of this name; here the one table has the indices itself.
CREATE VIEW record_key AS SELECT id, terminal, epoch, seq, hash, received_ms FROM record;

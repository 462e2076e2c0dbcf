-- tune.db, version 5: single samples of a timing, so that other statistics can
-- be had of it later: float32, little endian, in ns, in the order of the rounds
-- in which they were taken. NULL: not kept.
ALTER TABLE measurement ADD COLUMN samples BLOB;

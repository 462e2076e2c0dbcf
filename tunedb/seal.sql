-- tune.db, version 3: runs, too, are sealed. The digest covers the run, the
-- texts of its key and its measurements in order; NULL in runs of before.
ALTER TABLE run ADD COLUMN digest BLOB;

ALTER TABLE polyfault_log ADD COLUMN status INTEGER;
ALTER TABLE polyfault_log ADD COLUMN method TEXT NOT NULL DEFAULT '';
ALTER TABLE polyfault_log ADD COLUMN route TEXT NOT NULL DEFAULT '';
ALTER TABLE polyfault_log ADD COLUMN cause TEXT NOT NULL DEFAULT '';
CREATE INDEX polyfault_log_status ON polyfault_log (status, created, id) WHERE status <> 0;
CREATE INDEX polyfault_log_incomplete ON polyfault_log (created, id) WHERE status IS NULL;

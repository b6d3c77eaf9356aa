ALTER TABLE polyfault_log ADD COLUMN status integer;
ALTER TABLE polyfault_log ADD COLUMN method text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE polyfault_log ADD COLUMN route text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE polyfault_log ADD COLUMN cause text COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX polyfault_log_status ON polyfault_log (status, created, id) WHERE status <> 0;
CREATE INDEX polyfault_log_incomplete ON polyfault_log (created, id) WHERE status IS NULL;

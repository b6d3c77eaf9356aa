ALTER TABLE polyfault_log ADD COLUMN print TEXT NOT NULL DEFAULT '';
ALTER TABLE polyfault_log ADD COLUMN search TEXT;
ALTER TABLE polyfault_log ADD COLUMN state INTEGER NOT NULL DEFAULT 0;
ALTER TABLE polyfault_log ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE polyfault_log ADD COLUMN regressions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE polyfault_log ADD COLUMN triaged INTEGER NOT NULL DEFAULT 0;
ALTER TABLE polyfault_log ADD COLUMN announce INTEGER NOT NULL DEFAULT 0;
CREATE INDEX polyfault_log_seen ON polyfault_log (last_seen, id);
CREATE INDEX polyfault_log_code_seen ON polyfault_log (code, last_seen, id) WHERE code <> '';
CREATE INDEX polyfault_log_print ON polyfault_log (print, created, id) WHERE print <> '';
CREATE INDEX polyfault_log_state ON polyfault_log (state, created, id) WHERE state <> 0;
CREATE INDEX polyfault_log_unsearched ON polyfault_log (created, id) WHERE search IS NULL;
CREATE INDEX polyfault_log_announce ON polyfault_log (announce) WHERE announce > 0;
CREATE TABLE polyfault_log_recent (
	log_id   INTEGER NOT NULL,
	slot     INTEGER NOT NULL,
	trace_id TEXT    NOT NULL,
	path     TEXT    NOT NULL,
	host     TEXT    NOT NULL,
	created  INTEGER NOT NULL,
	PRIMARY KEY (log_id, slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX polyfault_log_recent_trace ON polyfault_log_recent (trace_id, log_id) WHERE trace_id <> '';
CREATE TABLE polyfault_log_hours (
	log_id INTEGER NOT NULL,
	hour   INTEGER NOT NULL,
	count  INTEGER NOT NULL,
	PRIMARY KEY (log_id, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX polyfault_log_hours_hour ON polyfault_log_hours (hour);

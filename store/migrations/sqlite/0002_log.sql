CREATE TABLE polyfault_log (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	host        TEXT    NOT NULL,
	level       INTEGER NOT NULL,
	message     TEXT    NOT NULL,
	folded      TEXT,
	code        TEXT    NOT NULL,
	scope       TEXT    NOT NULL,
	trace_id    TEXT    NOT NULL,
	attributes  TEXT    NOT NULL,
	stacktrace  TEXT    NOT NULL,
	created     INTEGER NOT NULL,
	repeats     INTEGER NOT NULL DEFAULT 1,
	last_seen   INTEGER NOT NULL,
	fingerprint TEXT
) STRICT;
CREATE INDEX polyfault_log_created ON polyfault_log (created, id);
CREATE INDEX polyfault_log_level ON polyfault_log (level, created, id);
CREATE INDEX polyfault_log_code ON polyfault_log (code, level, created, id) WHERE code <> '';
CREATE INDEX polyfault_log_code_scope ON polyfault_log (code, scope, level, created, id) WHERE code <> '' AND scope <> '';
CREATE INDEX polyfault_log_scope ON polyfault_log (scope, level, created, id) WHERE scope <> '';
CREATE INDEX polyfault_log_trace_id ON polyfault_log (trace_id, created, id) WHERE trace_id <> '';
CREATE UNIQUE INDEX polyfault_log_fingerprint ON polyfault_log (fingerprint) WHERE fingerprint IS NOT NULL;
CREATE TABLE polyfault_occurrences (
	code      TEXT    NOT NULL,
	scope     TEXT    NOT NULL,
	hour      INTEGER NOT NULL,
	count     INTEGER NOT NULL,
	last_seen INTEGER NOT NULL,
	PRIMARY KEY (code, scope, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX polyfault_occurrences_hour ON polyfault_occurrences (hour);
CREATE TABLE polyfault_writers (
	writer TEXT    PRIMARY KEY,
	batch  INTEGER NOT NULL,
	seen   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

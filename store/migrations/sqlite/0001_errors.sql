CREATE TABLE polyfault_changes (
	id      INTEGER PRIMARY KEY CHECK (id = 1),
	counter INTEGER NOT NULL
) STRICT;
INSERT INTO polyfault_changes (id, counter) VALUES (1, 0);
CREATE TABLE polyfault_errors (
	id                INTEGER PRIMARY KEY AUTOINCREMENT,
	scope             TEXT    NOT NULL,
	name              TEXT    NOT NULL,
	name_key          TEXT    NOT NULL,
	title             TEXT    NOT NULL,
	description       TEXT    NOT NULL,
	category          TEXT    NOT NULL CHECK (category IN ('SYSTEM', 'ALGORITHM', 'DATA')),
	is_builtin        INTEGER NOT NULL CHECK (is_builtin IN (0, 1)),
	should_be_retried INTEGER NOT NULL CHECK (should_be_retried IN (0, 1)),
	status            INTEGER NOT NULL,
	exit_code         INTEGER NOT NULL,
	created           INTEGER NOT NULL,
	last_modified     INTEGER NOT NULL,
	version           INTEGER NOT NULL,
	edited            INTEGER NOT NULL,
	UNIQUE (scope, name_key)
) STRICT;
CREATE INDEX polyfault_errors_last_modified ON polyfault_errors (last_modified, id);
CREATE INDEX polyfault_errors_created ON polyfault_errors (created, id);
CREATE INDEX polyfault_errors_name ON polyfault_errors (name_key, id);
CREATE INDEX polyfault_errors_scope ON polyfault_errors (scope, last_modified, id);
CREATE INDEX polyfault_errors_title ON polyfault_errors (title, id);
CREATE INDEX polyfault_errors_category ON polyfault_errors (category, last_modified, id);
CREATE INDEX polyfault_errors_is_builtin ON polyfault_errors (is_builtin, last_modified, id);
CREATE INDEX polyfault_errors_should_be_retried ON polyfault_errors (should_be_retried, id);
CREATE INDEX polyfault_errors_status ON polyfault_errors (status, id);
CREATE INDEX polyfault_errors_exit_code ON polyfault_errors (exit_code, id);
CREATE INDEX polyfault_errors_by_scope ON polyfault_errors (scope, id);
CREATE INDEX polyfault_errors_by_category ON polyfault_errors (category, id);
CREATE INDEX polyfault_errors_by_is_builtin ON polyfault_errors (is_builtin, id);

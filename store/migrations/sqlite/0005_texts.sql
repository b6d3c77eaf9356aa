CREATE TABLE polyfault_error_texts (
	error_id    INTEGER NOT NULL,
	language    TEXT    NOT NULL,
	title       TEXT    NOT NULL,
	description TEXT    NOT NULL,
	PRIMARY KEY (error_id, language)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER polyfault_error_texts_deleted AFTER DELETE ON polyfault_errors
BEGIN DELETE FROM polyfault_error_texts WHERE error_id = old.id; END;

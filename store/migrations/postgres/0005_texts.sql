CREATE TABLE polyfault_error_texts (
	error_id    bigint NOT NULL REFERENCES polyfault_errors ON DELETE CASCADE,
	language    text   COLLATE "C" NOT NULL,
	title       text   COLLATE "C" NOT NULL,
	description text   COLLATE "C" NOT NULL,
	PRIMARY KEY (error_id, language)
);

ALTER TABLE polyfault_log ADD COLUMN print text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE polyfault_log ADD COLUMN search text COLLATE "C";
ALTER TABLE polyfault_log ADD COLUMN grams integer[];
ALTER TABLE polyfault_log ADD COLUMN state integer NOT NULL DEFAULT 0;
ALTER TABLE polyfault_log ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE polyfault_log ADD COLUMN regressions integer NOT NULL DEFAULT 0;
ALTER TABLE polyfault_log ADD COLUMN triaged bigint NOT NULL DEFAULT 0;
ALTER TABLE polyfault_log ADD COLUMN announce bigint NOT NULL DEFAULT 0;
CREATE INDEX polyfault_log_seen ON polyfault_log (last_seen, id);
CREATE INDEX polyfault_log_code_seen ON polyfault_log (code, last_seen, id) WHERE code <> '';
CREATE INDEX polyfault_log_print ON polyfault_log (print, created, id) WHERE print <> '';
CREATE INDEX polyfault_log_state ON polyfault_log (state, created, id) WHERE state <> 0;
CREATE INDEX polyfault_log_unsearched ON polyfault_log (created, id) WHERE search IS NULL;
CREATE INDEX polyfault_log_announce ON polyfault_log (announce) WHERE announce > 0;
CREATE INDEX polyfault_log_grams ON polyfault_log USING gin (grams) WITH (fastupdate = on, gin_pending_list_limit = 32768);
CREATE TABLE polyfault_log_recent (
	log_id   bigint  NOT NULL,
	slot     integer NOT NULL,
	trace_id text    COLLATE "C" NOT NULL,
	path     text    COLLATE "C" NOT NULL,
	host     text    COLLATE "C" NOT NULL,
	created  bigint  NOT NULL,
	PRIMARY KEY (log_id, slot)
);
CREATE INDEX polyfault_log_recent_trace ON polyfault_log_recent (trace_id, log_id) WHERE trace_id <> '';
CREATE TABLE polyfault_log_hours (
	log_id bigint NOT NULL,
	hour   bigint NOT NULL,
	count  bigint NOT NULL,
	PRIMARY KEY (log_id, hour)
);
CREATE INDEX polyfault_log_hours_hour ON polyfault_log_hours (hour);

-- What people and tokens have changed: who, when, what, of which lead or thing, and why; each row hangs on the one before it, so
-- that none can be changed, taken out or slipped in afterwards without being found (`baton audit verify`).
CREATE TABLE audit (
    hash      TEXT NOT NULL UNIQUE,              -- SHA-256, in hexadecimal digits, of prev_hash and of the netstrings of seq, at, actor, act, subject and why_hash
    seq       BIGINT PRIMARY KEY,                -- from 1, without gaps
    at        BIGINT NOT NULL,
    actor     TEXT NOT NULL,                     -- token NAME | rep ID | cli USER | worker HOST | nobody
    act       TEXT NOT NULL,                     -- such as lead.reassign
    subject   TEXT NOT NULL,                     -- an id, never a name, number or address
    why       TEXT,                              -- as somebody wrote it; blanked together with its salt where a person is forgotten
    salt      TEXT,
    why_hash  TEXT,                              -- SHA-256 of salt and why: what the chain holds of it
    prev_hash TEXT NOT NULL                      -- of the first one 64 zeros
);
CREATE INDEX audit_subject ON audit (subject, seq);
CREATE INDEX audit_actor ON audit (actor, seq);

-- The end of the chain, one row: whoever adds to it holds this one.
CREATE TABLE audit_head (
    id   BIGINT PRIMARY KEY,
    seq  BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- It is added to, and nothing else: only what somebody wrote may be blanked.
--sqlite CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;
--sqlite CREATE TRIGGER audit_unchanged BEFORE UPDATE OF hash, seq, at, actor, act, subject, why_hash, prev_hash ON audit BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;
--sqlite CREATE TRIGGER audit_blanked BEFORE UPDATE OF why, salt ON audit WHEN NEW.why IS NOT NULL OR NEW.salt <> OLD.salt BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;
--postgres CREATE OR REPLACE FUNCTION audit_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the audit is only added to'; END $$;
--postgres CREATE TRIGGER audit_kept BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_only_added_to();
--postgres CREATE TRIGGER audit_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_only_added_to();
--postgres CREATE TRIGGER audit_unchanged BEFORE UPDATE OF hash, seq, at, actor, act, subject, why_hash, prev_hash ON audit FOR EACH ROW EXECUTE FUNCTION audit_only_added_to();
--postgres CREATE TRIGGER audit_blanked BEFORE UPDATE OF why, salt ON audit FOR EACH ROW WHEN (NEW.why IS NOT NULL OR NEW.salt <> OLD.salt) EXECUTE FUNCTION audit_only_added_to();

-- Who did what, and when: written in the transaction of the act, never changed and never deleted.

CREATE TABLE audit_entry (
    team_id ident NOT NULL REFERENCES team,
    id ident NOT NULL,
    at timestamptz NOT NULL,
    actor_type text NOT NULL CHECK (actor_type IN ('token', 'operator')),
    actor_id ident,
    actor_name text NOT NULL,
    action text NOT NULL CHECK (action ~ '^[a-z][a-zA-Z]*\.[a-z][a-zA-Z]*$'),
    object_type text NOT NULL CHECK (object_type ~ '^[a-z][a-zA-Z]*$'),
    object_id ident NOT NULL,
    before jsonb CHECK (jsonb_typeof(before) = 'object'),
    after jsonb CHECK (jsonb_typeof(after) = 'object'),
    PRIMARY KEY (team_id, id),
    CHECK ((actor_type = 'token') = (actor_id IS NOT NULL))
);
CREATE INDEX audit_entry_time ON audit_entry (team_id, at, id);
CREATE INDEX audit_entry_object ON audit_entry (team_id, object_id, at, id);

CREATE FUNCTION refuse_rewritten_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the table % is only ever added to', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewritten_history();

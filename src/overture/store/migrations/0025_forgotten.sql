-- People who were forgotten: a salted hash of the platform's id is all that is kept. Who turns up again under such an id
-- is another profile, and is suppressed in the statement that makes it.

ALTER TABLE team ADD COLUMN erasure_salt text NOT NULL DEFAULT gen_random_uuid()::text;

CREATE TABLE forgotten_person (
    team_id ident NOT NULL,
    platform text NOT NULL,
    digest bytea NOT NULL,
    at timestamptz NOT NULL,
    by text NOT NULL,
    PRIMARY KEY (team_id, platform, digest)
);

CREATE FUNCTION forgotten_digest(salt text, platform text, platform_id text) RETURNS bytea LANGUAGE sql IMMUTABLE
AS $$ SELECT sha256(convert_to(salt || ' ' || platform || ' ' || platform_id, 'UTF8')) $$;

CREATE FUNCTION suppress_forgotten_on_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Nobody was ever forgotten in most databases: an import must not pay for hashes there.
    IF EXISTS (SELECT FROM forgotten_person) THEN
        INSERT INTO person AS n (team_id, profile_id, suppressed_at, suppressed_reason, suppressed_by)
        SELECT p.team_id, p.id, f.at, 'forgotten', f.by
          FROM new_rows p
          JOIN team t ON t.team_id = p.team_id
          JOIN forgotten_person f ON f.team_id = p.team_id AND f.platform = p.platform
               AND f.digest = forgotten_digest(t.erasure_salt, p.platform, p.platform_id)
         ORDER BY p.team_id, p.id
        ON CONFLICT (team_id, profile_id) DO UPDATE
           SET suppressed_at = excluded.suppressed_at, suppressed_reason = excluded.suppressed_reason,
               suppressed_by = excluded.suppressed_by
         WHERE n.suppressed_at IS NULL;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER profile_forgotten_insert AFTER INSERT ON profile REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION suppress_forgotten_on_insert();

-- A username that was found gets its id.
CREATE FUNCTION suppress_forgotten_on_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO person AS n (team_id, profile_id, suppressed_at, suppressed_reason, suppressed_by)
    SELECT NEW.team_id, NEW.id, f.at, 'forgotten', f.by
      FROM forgotten_person f JOIN team t ON t.team_id = NEW.team_id
     WHERE f.team_id = NEW.team_id AND f.platform = NEW.platform
       AND f.digest = forgotten_digest(t.erasure_salt, NEW.platform, NEW.platform_id)
    ON CONFLICT (team_id, profile_id) DO UPDATE
       SET suppressed_at = excluded.suppressed_at, suppressed_reason = excluded.suppressed_reason,
           suppressed_by = excluded.suppressed_by
     WHERE n.suppressed_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER profile_forgotten_update AFTER UPDATE OF platform_id ON profile
    FOR EACH ROW WHEN (OLD.platform_id IS DISTINCT FROM NEW.platform_id)
    EXECUTE FUNCTION suppress_forgotten_on_update();

-- The audit is only ever added to, but what it says of somebody who is forgotten goes, too.
CREATE OR REPLACE FUNCTION refuse_rewritten_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('overture.forgets', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the table % is only ever added to', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

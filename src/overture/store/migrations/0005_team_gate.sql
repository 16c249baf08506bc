-- One switch for all sending of a team: an intent must find the gate open and unchanged, as it must a campaign's and an
-- account's. A trigger makes it, so that no team is ever without one.

CREATE TABLE team_gate (
    team_id ident PRIMARY KEY REFERENCES team,
    open boolean NOT NULL DEFAULT true,
    revision bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

INSERT INTO team_gate (team_id, open) SELECT team_id, stopped_at IS NULL FROM team;

CREATE FUNCTION make_team_gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO team_gate (team_id, open) VALUES (NEW.team_id, NEW.stopped_at IS NULL);
    RETURN NULL;
END $$;

CREATE TRIGGER team_gate_of_new_team AFTER INSERT ON team FOR EACH ROW EXECUTE FUNCTION make_team_gate();

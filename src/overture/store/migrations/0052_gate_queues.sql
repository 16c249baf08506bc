-- Who changes a gate waits for the claims that have passed it, and claims that come later wait behind that change. The
-- queue of a lock is fair; who shares the lock of a row passes those that wait to change the row.

CREATE FUNCTION pass_gate(gate_of ident) RETURNS void LANGUAGE sql AS
    $$ SELECT pg_advisory_xact_lock_shared(hashtextextended('gate ' || gate_of, 0)) $$;

-- A trigger, so that no change of a gate can leave it out.
CREATE FUNCTION queue_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('gate ' || (to_jsonb(OLD) ->> TG_ARGV[0]), 0));
    RETURN NEW;
END $$;

CREATE TRIGGER campaign_gate_queue BEFORE UPDATE ON campaign_gate
    FOR EACH ROW EXECUTE FUNCTION queue_at_gate('campaign_id');
CREATE TRIGGER team_gate_queue BEFORE UPDATE ON team_gate
    FOR EACH ROW EXECUTE FUNCTION queue_at_gate('team_id');

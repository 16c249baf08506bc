-- Whoever answered is in no sequence, whatever brought them back at the moment of the answer.

UPDATE lead SET state = 'replied', reason = NULL WHERE state = 'inSequence' AND replied_at IS NOT NULL;
DELETE FROM lead_due d USING lead l WHERE l.team_id = d.team_id AND l.id = d.lead_id AND l.state = 'replied';
ALTER TABLE lead ADD CONSTRAINT lead_answered CHECK (state <> 'inSequence' OR replied_at IS NULL);

-- Whoever answered another account while they were out stays out.
INSERT INTO lead_transition (before, after) VALUES ('removed', 'canceled');
DO $make$
BEGIN
    EXECUTE (
        SELECT format(
            $trigger$
            CREATE OR REPLACE TRIGGER lead_transition_check BEFORE UPDATE ON lead FOR EACH ROW
                WHEN (OLD.state <> NEW.state AND OLD.state || ' ' || NEW.state <> ALL (ARRAY[%s]))
                EXECUTE FUNCTION refuse_impossible_transition()
            $trigger$, string_agg(quote_literal(before || ' ' || after), ', ' ORDER BY before, after))
          FROM lead_transition);
END $make$;

-- A person may judge that what somebody wrote is no answer: their lead goes on where it stood.

-- Up to when what the person wrote was judged so.
ALTER TABLE lead ADD COLUMN passed_over_until timestamptz;

ALTER TABLE lead_act
    DROP CONSTRAINT lead_act_act_check,
    ADD CONSTRAINT lead_act_act_check CHECK (act IN ('removed', 'canceled', 'restored', 'released', 'continued'));

INSERT INTO lead_transition (before, after) VALUES ('replied', 'inSequence');
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

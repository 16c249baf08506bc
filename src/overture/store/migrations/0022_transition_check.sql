-- A lead may change its state as the table says. Looking there row by row was a good part of what stopping many leads
-- takes: the table's rows stand in the condition of the trigger, which asks the table about other changes only.
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

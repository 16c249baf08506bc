-- The lists Contacted and Mutual are views of `person`. Their sizes are kept as those of campaigns are: a writer adds to
-- the slot of its own database session, a reader adds the slots up.

CREATE TABLE person_counter (
    team_id ident NOT NULL,
    slot smallint NOT NULL CHECK (slot BETWEEN 0 AND 15),
    contacted bigint NOT NULL,
    mutual bigint NOT NULL,
    PRIMARY KEY (team_id, slot)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);

-- Read page by page. They change only when somebody is contacted for the first time, or writes.
CREATE INDEX person_contacted ON person (team_id, profile_id) WHERE first_contacted_at IS NOT NULL;
CREATE INDEX person_mutual ON person (team_id, profile_id)
    WHERE first_contacted_at IS NOT NULL AND last_inbound_at IS NOT NULL;

-- Most changes of a person (who writes to it, and no longer) change no size: they write nothing here.
DO $make$
DECLARE
    change record;
BEGIN
    FOR change IN SELECT * FROM (VALUES
        ('insert', 'SELECT 1 AS sign, n.* FROM new_rows n', 'NEW TABLE AS new_rows'),
        ('update', 'SELECT 1 AS sign, n.* FROM new_rows n UNION ALL SELECT -1, o.* FROM old_rows o',
                   'OLD TABLE AS old_rows NEW TABLE AS new_rows'),
        ('delete', 'SELECT -1 AS sign, o.* FROM old_rows o', 'OLD TABLE AS old_rows')) AS c (operation, rows, tables)
    LOOP
        EXECUTE format($function$
CREATE FUNCTION person_count_on_%1$s() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    INSERT INTO person_counter AS c (team_id, slot, contacted, mutual)
    SELECT team_id, pg_backend_pid() & 15, contacted, mutual FROM (
        SELECT team_id,
               coalesce(sum(sign) FILTER (WHERE first_contacted_at IS NOT NULL), 0) AS contacted,
               coalesce(sum(sign) FILTER (WHERE first_contacted_at IS NOT NULL AND last_inbound_at IS NOT NULL), 0)
                   AS mutual
          FROM (%2$s) AS changed GROUP BY team_id
    ) AS counted
     WHERE contacted <> 0 OR mutual <> 0
     ORDER BY team_id
    ON CONFLICT (team_id, slot) DO UPDATE
       SET contacted = c.contacted + excluded.contacted, mutual = c.mutual + excluded.mutual;
    RETURN NULL;
END $body$;
CREATE TRIGGER person_count_%1$s AFTER %1$s ON person REFERENCING %3$s
    FOR EACH STATEMENT EXECUTE FUNCTION person_count_on_%1$s();
$function$, change.operation, change.rows, change.tables);
    END LOOP;
END $make$;

INSERT INTO person_counter (team_id, slot, contacted, mutual)
SELECT team_id, 0, count(*), count(*) FILTER (WHERE last_inbound_at IS NOT NULL)
  FROM person WHERE first_contacted_at IS NOT NULL GROUP BY team_id;

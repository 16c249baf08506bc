-- What came of a campaign, by hour (UTC): kept by triggers in the transaction in which it happens.

-- A lead's second accepted message. The first answer, at the message it followed.
ALTER TABLE lead
    ADD COLUMN followed_up_at timestamptz,
    ADD CONSTRAINT lead_followed_up CHECK (followed_up_at IS NULL OR contacted_at IS NOT NULL);
ALTER TABLE attempt
    ADD COLUMN answered_at timestamptz,
    ADD CONSTRAINT attempt_answered CHECK (answered_at IS NULL OR state = 'accepted');

-- Leads, by the account that writes to them: whoever changes one holds that account's pace, so no two meet here.
CREATE TABLE lead_result (
    team_id ident NOT NULL,
    campaign_id ident NOT NULL,
    hour timestamptz NOT NULL,
    account_id ident NOT NULL,
    contacted bigint NOT NULL,
    followed_up bigint NOT NULL,
    answered bigint NOT NULL,
    PRIMARY KEY (team_id, campaign_id, hour, account_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);

-- Messages, by step; slots as of `campaign_counter`.
CREATE TABLE step_result (
    team_id ident NOT NULL,
    campaign_id ident NOT NULL,
    hour timestamptz NOT NULL,
    step_id ident NOT NULL,
    slot smallint NOT NULL CHECK (slot BETWEEN 0 AND 15),
    sent bigint NOT NULL,
    answered bigint NOT NULL,
    PRIMARY KEY (team_id, campaign_id, hour, step_id, slot)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);

-- Messages, by what was picked of each variation.
CREATE TABLE option_result (
    team_id ident NOT NULL,
    campaign_id ident NOT NULL,
    hour timestamptz NOT NULL,
    step_id ident NOT NULL,
    segment smallint NOT NULL,
    option smallint NOT NULL,
    slot smallint NOT NULL CHECK (slot BETWEEN 0 AND 15),
    sent bigint NOT NULL,
    answered bigint NOT NULL,
    PRIMARY KEY (team_id, campaign_id, hour, step_id, segment, option, slot)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);

-- What happened before.
WITH followed AS (
    SELECT team_id, lead_id, accepted_at, row_number() OVER (PARTITION BY team_id, lead_id ORDER BY accepted_at, id) AS n
      FROM attempt WHERE state = 'accepted' AND lead_id IS NOT NULL
)
UPDATE lead l SET followed_up_at = f.accepted_at
  FROM followed f WHERE l.team_id = f.team_id AND l.id = f.lead_id AND f.n = 2 AND l.contacted_at IS NOT NULL;

WITH followed AS (
    SELECT DISTINCT ON (a.team_id, a.lead_id) a.team_id, a.id, l.replied_at
      FROM attempt a JOIN lead l ON l.team_id = a.team_id AND l.id = a.lead_id
     WHERE a.state = 'accepted' AND l.replied_at IS NOT NULL
     ORDER BY a.team_id, a.lead_id, a.accepted_at <= l.replied_at DESC, a.accepted_at DESC, a.id DESC
)
UPDATE attempt a SET answered_at = f.replied_at FROM followed f WHERE a.team_id = f.team_id AND a.id = f.id;

INSERT INTO lead_result (team_id, campaign_id, hour, account_id, contacted, followed_up, answered)
SELECT l.team_id, l.campaign_id, date_trunc('hour', f.at, 'UTC'), l.account_id, sum(f.contacted), sum(f.followed_up),
       sum(f.answered)
  FROM lead l
 CROSS JOIN LATERAL (VALUES (l.contacted_at, 1, 0, 0), (l.followed_up_at, 0, 1, 0), (l.replied_at, 0, 0, 1))
       AS f (at, contacted, followed_up, answered)
 WHERE l.contacted_at IS NOT NULL AND f.at IS NOT NULL
 GROUP BY 1, 2, 3, 4;

INSERT INTO step_result (team_id, campaign_id, hour, step_id, slot, sent, answered)
SELECT a.team_id, a.campaign_id, date_trunc('hour', f.at, 'UTC'), a.step_id, 0, sum(f.sent), sum(f.answered)
  FROM attempt a CROSS JOIN LATERAL (VALUES (a.accepted_at, 1, 0), (a.answered_at, 0, 1)) AS f (at, sent, answered)
 WHERE a.state = 'accepted' AND a.campaign_id IS NOT NULL AND f.at IS NOT NULL
 GROUP BY 1, 2, 3, 4;

INSERT INTO option_result (team_id, campaign_id, hour, step_id, segment, option, slot, sent, answered)
SELECT a.team_id, a.campaign_id, date_trunc('hour', f.at, 'UTC'), a.step_id, (p.pick ->> 0)::smallint,
       (p.pick ->> 1)::smallint, 0, sum(f.sent), sum(f.answered)
  FROM attempt a CROSS JOIN LATERAL (VALUES (a.accepted_at, 1, 0), (a.answered_at, 0, 1)) AS f (at, sent, answered)
 CROSS JOIN LATERAL jsonb_array_elements(a.choices) AS p (pick)
 WHERE a.state = 'accepted' AND a.campaign_id IS NOT NULL AND f.at IS NOT NULL
 GROUP BY 1, 2, 3, 4, 5, 6;

-- Of a statement that changes many leads, those that were never written to are passed over.
CREATE FUNCTION lead_result_on_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM new_rows WHERE contacted_at IS NOT NULL) THEN
        INSERT INTO lead_result AS r (team_id, campaign_id, hour, account_id, contacted, followed_up, answered)
        SELECT c.team_id, c.campaign_id, date_trunc('hour', f.at, 'UTC'), c.account_id, sum(c.sign * f.contacted),
               sum(c.sign * f.followed_up), sum(c.sign * f.answered)
          FROM (SELECT 1 AS sign, n.* FROM new_rows n WHERE n.contacted_at IS NOT NULL
                UNION ALL SELECT -1, o.* FROM old_rows o WHERE o.contacted_at IS NOT NULL) AS c
         CROSS JOIN LATERAL (VALUES (c.contacted_at, 1, 0, 0), (c.followed_up_at, 0, 1, 0), (c.replied_at, 0, 0, 1))
               AS f (at, contacted, followed_up, answered)
         WHERE f.at IS NOT NULL
         GROUP BY 1, 2, 3, 4
        HAVING sum(c.sign * f.contacted) <> 0 OR sum(c.sign * f.followed_up) <> 0 OR sum(c.sign * f.answered) <> 0
         ORDER BY 1, 2, 3, 4
        ON CONFLICT (team_id, campaign_id, hour, account_id) DO UPDATE
           SET contacted = r.contacted + excluded.contacted, followed_up = r.followed_up + excluded.followed_up,
               answered = r.answered + excluded.answered;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER lead_result_update AFTER UPDATE ON lead REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION lead_result_on_update();

CREATE FUNCTION attempt_result_on_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM new_rows WHERE state = 'accepted' AND campaign_id IS NOT NULL) THEN
        INSERT INTO step_result AS r (team_id, campaign_id, hour, step_id, slot, sent, answered)
        SELECT c.team_id, c.campaign_id, date_trunc('hour', f.at, 'UTC'), c.step_id, pg_backend_pid() & 15,
               sum(c.sign * f.sent), sum(c.sign * f.answered)
          FROM (SELECT 1 AS sign, n.* FROM new_rows n WHERE n.state = 'accepted' AND n.campaign_id IS NOT NULL
                UNION ALL SELECT -1, o.* FROM old_rows o WHERE o.state = 'accepted' AND o.campaign_id IS NOT NULL) AS c
         CROSS JOIN LATERAL (VALUES (c.accepted_at, 1, 0), (c.answered_at, 0, 1)) AS f (at, sent, answered)
         WHERE f.at IS NOT NULL
         GROUP BY 1, 2, 3, 4
        HAVING sum(c.sign * f.sent) <> 0 OR sum(c.sign * f.answered) <> 0
         ORDER BY 1, 2, 3, 4
        ON CONFLICT (team_id, campaign_id, hour, step_id, slot) DO UPDATE
           SET sent = r.sent + excluded.sent, answered = r.answered + excluded.answered;
    END IF;
    IF EXISTS (SELECT FROM new_rows WHERE state = 'accepted' AND choices <> '[]') THEN
        INSERT INTO option_result AS r (team_id, campaign_id, hour, step_id, segment, option, slot, sent, answered)
        SELECT c.team_id, c.campaign_id, date_trunc('hour', f.at, 'UTC'), c.step_id, (p.pick ->> 0)::smallint,
               (p.pick ->> 1)::smallint, pg_backend_pid() & 15, sum(c.sign * f.sent), sum(c.sign * f.answered)
          FROM (SELECT 1 AS sign, n.* FROM new_rows n WHERE n.state = 'accepted' AND n.campaign_id IS NOT NULL
                UNION ALL SELECT -1, o.* FROM old_rows o WHERE o.state = 'accepted' AND o.campaign_id IS NOT NULL) AS c
         CROSS JOIN LATERAL (VALUES (c.accepted_at, 1, 0), (c.answered_at, 0, 1)) AS f (at, sent, answered)
         CROSS JOIN LATERAL jsonb_array_elements(c.choices) AS p (pick)
         WHERE f.at IS NOT NULL
         GROUP BY 1, 2, 3, 4, 5, 6
        HAVING sum(c.sign * f.sent) <> 0 OR sum(c.sign * f.answered) <> 0
         ORDER BY 1, 2, 3, 4, 5, 6
        ON CONFLICT (team_id, campaign_id, hour, step_id, segment, option, slot) DO UPDATE
           SET sent = r.sent + excluded.sent, answered = r.answered + excluded.answered;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER attempt_result_update AFTER UPDATE ON attempt REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION attempt_result_on_update();

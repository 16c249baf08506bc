-- What people decided about single leads: the audit names a hundred at most, a lead's timeline all of its own.

CREATE TABLE lead_act (
    team_id ident NOT NULL REFERENCES team,
    lead_id ident NOT NULL,
    id ident NOT NULL,
    at timestamptz NOT NULL,
    act text NOT NULL CHECK (act IN ('removed', 'canceled', 'restored', 'released')),
    decision text CHECK (decision IN ('resend', 'skip', 'stop')),
    before_state text NOT NULL,
    before_reason text,
    actor_name text NOT NULL,
    PRIMARY KEY (team_id, lead_id, id),
    CHECK ((act = 'released') = (decision IS NOT NULL))
);

-- Attempts that are not in the index of those that count for once: the rare ones, so that no send pays for it.
CREATE INDEX attempt_lead ON attempt (team_id, lead_id) WHERE state IN ('refused', 'notSent', 'held');

-- What became of the like steps a lead has passed, where the platform lets the app like: the post, or why there is none.
CREATE TABLE lead_like (
    team_id ident NOT NULL,
    lead_id ident NOT NULL,
    step_id ident NOT NULL,
    version integer NOT NULL,
    rank integer NOT NULL,
    account_id ident NOT NULL,
    at timestamptz NOT NULL,
    post_id text,
    reason text,
    PRIMARY KEY (team_id, lead_id, step_id),
    CHECK ((post_id IS NULL) <> (reason IS NULL))
);

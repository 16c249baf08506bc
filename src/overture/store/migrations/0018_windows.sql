-- What a platform said of its windows: when it takes calls again. Kept here, so that all workers know it and none finds
-- it out anew. Of sends it holds for the app (here) or the account (account_pace.rest_until); of reads for one endpoint.

ALTER TABLE app_budget ADD COLUMN rest_until timestamptz NOT NULL DEFAULT '-infinity';

CREATE TABLE endpoint_rest (
    team_id ident NOT NULL,
    account_id ident NOT NULL,
    endpoint text NOT NULL CHECK (endpoint IN ('inbox')),
    rest_until timestamptz NOT NULL,
    PRIMARY KEY (team_id, account_id, endpoint)
);

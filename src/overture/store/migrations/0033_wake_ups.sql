-- Wake-ups that have been given and not taken up yet. They are added, never changed: whoever gives one waits for nobody,
-- whatever else they hold, and no claim that is about to let the account sleep can miss it.
CREATE TABLE wake_up (
    team_id ident NOT NULL,
    account_id ident NOT NULL,
    at timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX wake_up_account ON wake_up (team_id, account_id);

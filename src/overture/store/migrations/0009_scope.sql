-- What a sync is asked to look at: everything once more, or single profiles of which something has changed.

CREATE TABLE scope_request (
    team_id ident NOT NULL,
    campaign_id ident NOT NULL,
    wanted bigint NOT NULL DEFAULT 1,
    done bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (team_id, campaign_id)
) WITH (fillfactor = 50);

CREATE TABLE scope_queue (
    team_id ident NOT NULL,
    campaign_id ident NOT NULL,
    profile_id ident NOT NULL,
    PRIMARY KEY (team_id, campaign_id, profile_id)
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);

-- Asked with every first message: which campaigns take nobody who was contacted elsewhere. Few, and mostly none.
CREATE INDEX campaign_excluding ON campaign (team_id, id)
    WHERE (exclude_contacted OR exclude_mutuals) AND deleted_at IS NULL;

-- Whoever comes back while the outcome of a message is open, or after having written first, waits for a decision.
INSERT INTO lead_transition (before, after) VALUES ('excluded', 'held'), ('removed', 'held');

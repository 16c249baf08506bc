-- Where a team's events are delivered. Every instant here is wall time. `taken_seq`: events up to it have their
-- deliveries. `failing_since`: since when none was accepted.
CREATE TABLE webhook (
    team_id ident NOT NULL REFERENCES team,
    id ident NOT NULL,
    url text NOT NULL CHECK (char_length(url) <= 2048),
    description text CHECK (char_length(description) <= 1000),
    types text[] NOT NULL,
    sealed_secret bytea NOT NULL,
    sealed_former_secret bytea,
    former_until timestamptz,
    enabled boolean NOT NULL DEFAULT true,
    disabled_reason text,
    taken_seq bigint NOT NULL,
    failing_since timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, id),
    CHECK ((sealed_former_secret IS NULL) = (former_until IS NULL)),
    CHECK (enabled OR disabled_reason IS NOT NULL)
);
CREATE INDEX webhook_enabled ON webhook (team_id, taken_seq) WHERE enabled;

-- One event for one webhook. What is delivered is made from the event as it was, also after that is kept no longer.
-- `next_at` is infinite once it has ended; `is_extra` was asked for by a person and keeps no order.
CREATE TABLE webhook_delivery (
    team_id ident NOT NULL,
    id ident NOT NULL,
    webhook_id ident NOT NULL,
    event_id text NOT NULL,
    seq bigint NOT NULL,
    type text NOT NULL,
    object_id text NOT NULL,
    body text NOT NULL,
    is_extra boolean NOT NULL DEFAULT false,
    state text NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    tries integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (team_id, id),
    FOREIGN KEY (team_id, webhook_id) REFERENCES webhook ON DELETE CASCADE,
    CHECK ((state = 'pending') = (ended_at IS NULL))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX webhook_delivery_pending ON webhook_delivery (team_id, webhook_id, seq, id) WHERE state = 'pending';
CREATE INDEX webhook_delivery_object ON webhook_delivery (team_id, webhook_id, object_id) WHERE state = 'pending';
CREATE INDEX webhook_delivery_due ON webhook_delivery (next_at) WHERE state = 'pending';
CREATE INDEX webhook_delivery_newest ON webhook_delivery (team_id, webhook_id, id);
CREATE INDEX webhook_delivery_ended ON webhook_delivery (ended_at) WHERE state <> 'pending';

-- Each try of a delivery, with what was answered: `status` is null where nothing was.
CREATE TABLE webhook_try (
    team_id ident NOT NULL,
    delivery_id ident NOT NULL,
    number integer NOT NULL,
    at timestamptz NOT NULL,
    milliseconds integer NOT NULL,
    status integer,
    answer text,
    error text,
    PRIMARY KEY (team_id, delivery_id, number),
    FOREIGN KEY (team_id, delivery_id) REFERENCES webhook_delivery ON DELETE CASCADE
);

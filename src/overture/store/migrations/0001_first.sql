-- The first schema. Three rules shape it:
--   * team_id comes first in every key and hot index, so that the tables can be spread over machines by team;
--   * rows that change with every send are narrow and lie apart from the wide ones (pace beside account, due beside lead);
--   * closed sets are checks here as they are enums in the code; tests compare the two.
-- Tables that grow with leads and messages have no foreign keys: a key check per row costs more than the row, and
-- nothing outside the set-based statements of this program writes to them.

CREATE DOMAIN ident AS text COLLATE "C" CHECK (char_length(VALUE) = 24);

-- ---------------------------------------------------------------- teams, members, tokens

CREATE TABLE team (
    team_id ident PRIMARY KEY,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
    currency text NOT NULL DEFAULT 'USD' CHECK (char_length(currency) = 3),
    allow_parallel_campaigns boolean NOT NULL DEFAULT false,
    recontact_after_days integer NOT NULL DEFAULT 30 CHECK (recontact_after_days BETWEEN 0 AND 3650),
    stopped_at timestamptz,
    created_at timestamptz NOT NULL
);

-- Gap-free event numbers: locked last in every transaction.
CREATE TABLE team_seq (
    team_id ident PRIMARY KEY REFERENCES team,
    last_seq bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- When a team may next have something to send: a hint that is never late.
CREATE TABLE team_due (
    team_id ident PRIMARY KEY REFERENCES team,
    next_at timestamptz NOT NULL DEFAULT 'infinity',
    last_served timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 50);

CREATE TABLE member (
    team_id ident NOT NULL REFERENCES team,
    id ident NOT NULL,
    email text,
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('owner', 'admin', 'user')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, id)
);

CREATE TABLE api_token (
    team_id ident NOT NULL REFERENCES team,
    id ident NOT NULL,
    name text NOT NULL,
    hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (team_id, id)
);

-- Directory: which team a token opens. One of the few tables without the team in front.
CREATE TABLE token_directory (
    hash bytea PRIMARY KEY,
    team_id ident NOT NULL,
    token_id ident NOT NULL
);

-- ---------------------------------------------------------------- platform apps and accounts

CREATE TABLE platform_app (
    team_id ident NOT NULL REFERENCES team,
    id ident NOT NULL,
    platform text NOT NULL,
    name text NOT NULL,
    base_url text NOT NULL,
    contact_policy text NOT NULL DEFAULT 'inboundOrConsent'
        CHECK (contact_policy IN ('inboundOrConsent', 'anyoneReachable')),
    policy_note text,
    policy_changed_at timestamptz,
    policy_changed_by text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, id),
    UNIQUE (team_id, platform, base_url)
);

-- `room`: sends certainly allowed before the ledger has to be counted again; NULL = the app has no ceiling.
CREATE TABLE app_budget (
    team_id ident NOT NULL,
    app_id ident NOT NULL,
    daily_cap integer CHECK (daily_cap > 0),
    room integer NOT NULL DEFAULT 0 CHECK (room >= 0),
    paused_until timestamptz NOT NULL DEFAULT '-infinity',
    pause_code text,
    PRIMARY KEY (team_id, app_id)
) WITH (fillfactor = 50);

CREATE TABLE account_link (
    team_id ident NOT NULL REFERENCES team,
    id ident NOT NULL,
    app_id ident NOT NULL,
    platform text NOT NULL,
    platform_id text NOT NULL,
    username text,
    display_name text,
    avatar_url text,
    status text NOT NULL CHECK (status IN ('active', 'offline', 'paused')),
    pause_reasons text[] NOT NULL DEFAULT '{}',
    hourly_limit integer NOT NULL DEFAULT 25 CHECK (hourly_limit BETWEEN 1 AND 25),
    daily_limit integer NOT NULL DEFAULT 200 CHECK (daily_limit BETWEEN 1 AND 500),
    sealed_token bytea NOT NULL,
    history_from timestamptz,
    synced_at timestamptz,
    created_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (team_id, id),
    FOREIGN KEY (team_id, app_id) REFERENCES platform_app,
    CHECK ((status = 'paused') = (cardinality(pause_reasons) > 0) OR status = 'offline')
);

-- Directory: which team a platform account belongs to; one team at a time.
CREATE TABLE account_directory (
    platform text NOT NULL,
    base_url text NOT NULL,
    platform_id text NOT NULL,
    team_id ident NOT NULL,
    account_id ident NOT NULL,
    PRIMARY KEY (platform, base_url, platform_id)
);

-- The hot side of an account. Leases and fences run on wall time, everything else on engine time.
-- `hourly_room` and `daily_room`: sends certainly allowed before the ledger has to be counted again.
CREATE TABLE account_pace (
    team_id ident NOT NULL,
    account_id ident NOT NULL,
    wake_at timestamptz NOT NULL DEFAULT 'infinity',
    lease_until timestamptz NOT NULL DEFAULT '-infinity',
    fence bigint NOT NULL DEFAULT 0,
    last_end timestamptz NOT NULL DEFAULT '-infinity',
    rest_until timestamptz NOT NULL DEFAULT '-infinity',
    refusal_streak integer NOT NULL DEFAULT 0,
    hourly_room integer NOT NULL DEFAULT 0 CHECK (hourly_room >= 0),
    daily_room integer NOT NULL DEFAULT 0 CHECK (daily_room >= 0),
    read_at timestamptz NOT NULL DEFAULT '-infinity',
    read_until_id text,
    waits_for_inbox boolean NOT NULL DEFAULT false,
    PRIMARY KEY (team_id, account_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX account_pace_wake ON account_pace (team_id, wake_at);

CREATE TABLE account_gate (
    team_id ident NOT NULL,
    account_id ident NOT NULL,
    open boolean NOT NULL,
    revision bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (team_id, account_id)
) WITH (fillfactor = 50);

-- ---------------------------------------------------------------- people

CREATE TABLE status (
    team_id ident NOT NULL REFERENCES team,
    id ident NOT NULL,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
    name_key text NOT NULL,
    color text NOT NULL,
    position integer NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, id),
    UNIQUE (team_id, name_key)
);

CREATE TABLE tag (
    team_id ident NOT NULL REFERENCES team,
    id ident NOT NULL,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
    name_key text NOT NULL,
    color text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, id),
    UNIQUE (team_id, name_key)
);

CREATE TABLE profile (
    team_id ident NOT NULL,
    id ident NOT NULL,
    platform text NOT NULL,
    platform_id text COLLATE "C" NOT NULL,
    username text,
    display_name text,
    bio text,
    location text,
    website text,
    avatar_url text,
    follower_count bigint,
    account_status text NOT NULL DEFAULT 'active' CHECK (account_status IN ('active', 'suspended', 'notFound')),
    contact_id ident,
    looked_up_at timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, id),
    UNIQUE (team_id, platform, platform_id)
);
-- The platform comes last: with it in front, a table not analysed yet is searched by this index for platform ids too.
CREATE INDEX profile_username ON profile (team_id, lower(username), platform);
CREATE INDEX profile_contact ON profile (team_id, contact_id) WHERE contact_id IS NOT NULL;

CREATE TABLE contact (
    team_id ident NOT NULL,
    id ident NOT NULL,
    status_id ident,
    notes text,
    valuation numeric,
    assignee_id ident,
    tag_ids text[] NOT NULL DEFAULT '{}',
    consent_basis text CHECK (consent_basis IN ('wroteToUs', 'signedUp', 'agreedInConversation')),
    consent_evidence text,
    consent_at timestamptz,
    consent_by text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, id),
    CHECK ((consent_basis IS NULL) = (consent_at IS NULL))
);

-- The one row that decides who may write to a person now: one person, one sequence.
CREATE TABLE person (
    team_id ident NOT NULL,
    profile_id ident NOT NULL,
    engaged_lead_id ident,
    first_contacted_at timestamptz,
    last_inbound_at timestamptz,
    unanswered_end_at timestamptz,
    suppressed_at timestamptz,
    suppressed_reason text,
    PRIMARY KEY (team_id, profile_id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);

-- ---------------------------------------------------------------- lists

CREATE TABLE list (
    team_id ident NOT NULL REFERENCES team,
    id ident NOT NULL,
    kind text NOT NULL DEFAULT 'user' CHECK (kind IN ('user', 'contacted', 'mutual')),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
    description text CHECK (char_length(description) <= 1000),
    revision bigint NOT NULL DEFAULT 0,
    leads_count bigint NOT NULL DEFAULT 0 CHECK (leads_count >= 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, id)
);
CREATE UNIQUE INDEX list_system ON list (team_id, kind) WHERE kind <> 'user';

CREATE TABLE list_column (
    team_id ident NOT NULL,
    list_id ident NOT NULL,
    id text COLLATE "C" NOT NULL CHECK (id LIKE 'custom\_%'),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
    description text CHECK (char_length(description) <= 1000),
    type text NOT NULL CHECK (type IN ('text', 'number', 'date', 'boolean', 'url')),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, list_id, id),
    FOREIGN KEY (team_id, list_id) REFERENCES list ON DELETE CASCADE
);

CREATE TABLE list_lead (
    team_id ident NOT NULL,
    list_id ident NOT NULL,
    profile_id ident NOT NULL,
    data jsonb NOT NULL DEFAULT '{}',
    added_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, list_id, profile_id)
);

-- What changed in a list, by the list's revision; running campaigns follow it.
CREATE TABLE list_change (
    team_id ident NOT NULL,
    list_id ident NOT NULL,
    revision bigint NOT NULL,
    profile_id ident NOT NULL,
    PRIMARY KEY (team_id, list_id, revision, profile_id)
);

-- ---------------------------------------------------------------- campaigns

CREATE TABLE campaign (
    team_id ident NOT NULL REFERENCES team,
    id ident NOT NULL,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
    description text CHECK (char_length(description) <= 1000),
    status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'active', 'paused', 'completed')),
    enabled boolean NOT NULL DEFAULT false,
    dry_run boolean NOT NULL DEFAULT false,
    hourly_message_rate integer NOT NULL DEFAULT 8 CHECK (hourly_message_rate BETWEEN 1 AND 25),
    schedule_timezone text NOT NULL DEFAULT 'UTC',
    schedule_hours jsonb NOT NULL,
    exclude_contacted boolean NOT NULL DEFAULT false,
    exclude_mutuals boolean NOT NULL DEFAULT false,
    sequence_version integer NOT NULL DEFAULT 0,
    pause_code text,
    pause_message text,
    pause_since timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    paused_at timestamptz,
    completed_at timestamptz,
    last_started_at timestamptz,
    deleted_at timestamptz,
    PRIMARY KEY (team_id, id),
    CHECK (status NOT IN ('active', 'completed') OR enabled),
    CHECK ((status = 'completed') = (completed_at IS NOT NULL)),
    CHECK (status <> 'active' OR last_started_at IS NOT NULL),
    CHECK (pause_code IS NULL OR status = 'paused')
);

-- Campaigns Overture paused itself: looked at with every turn, and nearly always none.
CREATE INDEX campaign_held_back ON campaign (team_id, id) WHERE status = 'paused' AND pause_code IS NOT NULL;
CREATE INDEX campaign_active ON campaign (team_id, id) WHERE status = 'active';

CREATE TABLE campaign_gate (
    team_id ident NOT NULL,
    campaign_id ident NOT NULL,
    open boolean NOT NULL,
    revision bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (team_id, campaign_id)
) WITH (fillfactor = 50);

-- Which settings held when: written together with the gate, so an outside judge can tell.
CREATE TABLE campaign_revision (
    team_id ident NOT NULL,
    campaign_id ident NOT NULL,
    revision bigint NOT NULL,
    at timestamptz NOT NULL,
    settings jsonb NOT NULL,
    PRIMARY KEY (team_id, campaign_id, revision)
);

-- The pair (account, campaign) and its pace. `draw` and `opening_draw` are drawn once per gap and kept.
CREATE TABLE campaign_account (
    team_id ident NOT NULL,
    account_id ident NOT NULL,
    campaign_id ident NOT NULL,
    is_member boolean NOT NULL DEFAULT true,
    position integer NOT NULL,
    draw double precision NOT NULL CHECK (draw BETWEEN 0.75 AND 1.25),
    opening_draw double precision NOT NULL CHECK (opening_draw BETWEEN 0 AND 1),
    last_end timestamptz,
    next_at timestamptz NOT NULL DEFAULT 'infinity',
    served_at timestamptz NOT NULL DEFAULT '-infinity',
    room integer NOT NULL DEFAULT 0 CHECK (room >= 0),
    PRIMARY KEY (team_id, account_id, campaign_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX campaign_account_campaign ON campaign_account (team_id, campaign_id);

CREATE TABLE campaign_list (
    team_id ident NOT NULL,
    campaign_id ident NOT NULL,
    list_id ident NOT NULL,
    role text NOT NULL CHECK (role IN ('synced', 'excluded')),
    position integer NOT NULL,
    column_mapping jsonb NOT NULL DEFAULT '{}',
    seen_revision bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (team_id, campaign_id, list_id, role),
    FOREIGN KEY (team_id, campaign_id) REFERENCES campaign,
    FOREIGN KEY (team_id, list_id) REFERENCES list
);
CREATE INDEX campaign_list_list ON campaign_list (team_id, list_id);

CREATE TABLE campaign_column (
    team_id ident NOT NULL,
    campaign_id ident NOT NULL,
    id text COLLATE "C" NOT NULL CHECK (id LIKE 'custom\_%'),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
    description text CHECK (char_length(description) <= 1000),
    type text NOT NULL CHECK (type IN ('text', 'number', 'date', 'boolean', 'url')),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, campaign_id, id),
    FOREIGN KEY (team_id, campaign_id) REFERENCES campaign
);

CREATE TABLE sequence_version (
    team_id ident NOT NULL,
    campaign_id ident NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, campaign_id, version),
    FOREIGN KEY (team_id, campaign_id) REFERENCES campaign
);

CREATE TABLE sequence_step (
    team_id ident NOT NULL,
    campaign_id ident NOT NULL,
    version integer NOT NULL,
    rank integer NOT NULL CHECK (rank BETWEEN 0 AND 49),
    id ident NOT NULL,
    type text NOT NULL CHECK (type IN ('message', 'delay', 'like')),
    data jsonb NOT NULL,
    PRIMARY KEY (team_id, campaign_id, version, rank),
    UNIQUE (team_id, campaign_id, version, id),
    FOREIGN KEY (team_id, campaign_id, version) REFERENCES sequence_version
);

CREATE TABLE automation (
    team_id ident NOT NULL,
    campaign_id ident NOT NULL,
    id ident NOT NULL,
    trigger text NOT NULL CHECK (trigger IN ('contacted', 'followUpSent', 'replied', 'finished', 'failed')),
    action text NOT NULL CHECK (action IN ('setStatus', 'addTag', 'removeTag', 'assign')),
    action_data jsonb NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, campaign_id, id),
    FOREIGN KEY (team_id, campaign_id) REFERENCES campaign
);

-- ---------------------------------------------------------------- leads

-- No index holds a column that a send changes, so that its updates stay on the page (HOT).
CREATE TABLE lead (
    team_id ident NOT NULL,
    id ident NOT NULL,
    campaign_id ident NOT NULL,
    profile_id ident NOT NULL,
    state text NOT NULL CHECK (state IN ('assessing', 'ready', 'inSequence', 'finished', 'replied', 'held', 'failed',
                                         'canceled', 'unreachable', 'excluded', 'removed')),
    reason text,
    account_id ident,
    sequence_version integer,
    rank integer NOT NULL DEFAULT 0,
    is_direct boolean NOT NULL,
    is_deleted_by_hand boolean NOT NULL DEFAULT false,
    data jsonb NOT NULL DEFAULT '{}',
    sender_refusals integer NOT NULL DEFAULT 0,
    reach_id integer,
    joined_at timestamptz NOT NULL,
    first_intent_at timestamptz,
    since timestamptz,
    contacted_at timestamptz,
    replied_at timestamptz,
    PRIMARY KEY (team_id, id),
    UNIQUE (team_id, campaign_id, profile_id),
    CHECK (state <> 'inSequence' OR contacted_at IS NOT NULL),
    CHECK (state NOT IN ('finished', 'failed') OR contacted_at IS NOT NULL),
    CHECK (state NOT IN ('assessing', 'ready', 'unreachable') OR contacted_at IS NULL),
    CHECK ((state = 'replied') <= (replied_at IS NOT NULL)),
    CHECK (replied_at IS NULL OR contacted_at IS NOT NULL),
    CHECK (contacted_at IS NULL OR account_id IS NOT NULL),
    CHECK (state NOT IN ('held', 'failed', 'canceled', 'unreachable', 'excluded', 'removed') OR reason IS NOT NULL)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX lead_profile ON lead (team_id, profile_id);

-- The transition table of a lead, the same as in the code.
CREATE TABLE lead_transition (before text NOT NULL, after text NOT NULL, PRIMARY KEY (before, after));

-- The plan: which account writes to which lead next, and from when on.
CREATE TABLE lead_due (
    team_id ident NOT NULL,
    account_id ident NOT NULL,
    campaign_id ident NOT NULL,
    is_first boolean NOT NULL,
    due_at timestamptz NOT NULL,
    lead_id ident NOT NULL,
    PRIMARY KEY (team_id, account_id, campaign_id, is_first, due_at, lead_id)
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
CREATE UNIQUE INDEX lead_due_lead ON lead_due (team_id, lead_id);

-- Leads whose person is in another campaign's sequence: woken when the person is free.
CREATE TABLE lead_parked (
    team_id ident NOT NULL,
    profile_id ident NOT NULL,
    lead_id ident NOT NULL,
    account_id ident NOT NULL,
    campaign_id ident NOT NULL,
    PRIMARY KEY (team_id, profile_id, lead_id)
);

CREATE TABLE assess_queue (
    team_id ident NOT NULL,
    campaign_id ident NOT NULL,
    lead_id ident NOT NULL,
    profile_id ident NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    PRIMARY KEY (team_id, campaign_id, lead_id)
);

CREATE TABLE plan_queue (
    team_id ident NOT NULL,
    campaign_id ident NOT NULL,
    lead_id ident NOT NULL,
    reach_id integer NOT NULL,
    PRIMARY KEY (team_id, campaign_id, lead_id)
);

-- The distinct sets of accounts that reach leads of a campaign; a lead names its set by number.
CREATE TABLE reach_set (
    team_id ident NOT NULL,
    campaign_id ident NOT NULL,
    id integer NOT NULL,
    account_ids text[] NOT NULL,
    PRIMARY KEY (team_id, campaign_id, id),
    UNIQUE (team_id, campaign_id, account_ids)
);

CREATE TABLE verdict (
    team_id ident NOT NULL,
    profile_id ident NOT NULL,
    account_id ident NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('open', 'follows', 'conversation', 'closed', 'protected', 'blocked',
                                             'suspended', 'notFound', 'consentMissing', 'unknown')),
    at timestamptz NOT NULL,
    PRIMARY KEY (team_id, profile_id, account_id)
);

-- Every counter of a campaign, kept by the triggers below in the transaction that changes a lead. A writer adds to
-- the slot of its own database session, so parallel writers seldom meet; a reader adds the slots up.
CREATE TABLE campaign_counter (
    team_id ident NOT NULL,
    campaign_id ident NOT NULL,
    slot smallint NOT NULL CHECK (slot BETWEEN 0 AND 15),
    assessing bigint NOT NULL,
    ready bigint NOT NULL,
    in_sequence bigint NOT NULL,
    finished bigint NOT NULL,
    replied bigint NOT NULL,
    held bigint NOT NULL,
    failed bigint NOT NULL,
    canceled bigint NOT NULL,
    unreachable bigint NOT NULL,
    excluded bigint NOT NULL,
    removed bigint NOT NULL,
    targets bigint NOT NULL,
    assessed bigint NOT NULL,
    contacted bigint NOT NULL,
    contacted_open bigint NOT NULL,
    answered bigint NOT NULL,
    consent_missing bigint NOT NULL,
    PRIMARY KEY (team_id, campaign_id, slot)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);

-- ---------------------------------------------------------------- ledger, threads, messages

-- A span runs from intent_at to ended_at (engine time); ended_at is infinite while the outcome is open.
CREATE TABLE attempt (
    team_id ident NOT NULL,
    id ident NOT NULL,
    app_id ident NOT NULL,
    account_id ident NOT NULL,
    campaign_id ident NOT NULL,
    lead_id ident NOT NULL,
    profile_id ident NOT NULL,
    sequence_version integer NOT NULL,
    rank integer NOT NULL,
    step_id ident NOT NULL,
    is_first boolean NOT NULL,
    text text NOT NULL,
    choices jsonb NOT NULL DEFAULT '[]',
    state text NOT NULL CHECK (state IN ('intent', 'unknown', 'accepted', 'refused', 'notSent', 'held')),
    outcome text,
    reason text,
    detail text,
    campaign_revision bigint NOT NULL,
    intent_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL DEFAULT 'infinity',
    lease_until timestamptz NOT NULL,
    fence bigint NOT NULL,
    accepted_at timestamptz,
    platform_message_id text,
    PRIMARY KEY (team_id, id),
    CHECK ((state = 'accepted') = (accepted_at IS NOT NULL)),
    CHECK ((state = 'intent') = (ended_at = 'infinity'))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
-- Nobody gets a step twice. By the step's id: a new version may put another step at the same rank.
CREATE UNIQUE INDEX attempt_once ON attempt (team_id, lead_id, step_id)
    WHERE state IN ('intent', 'unknown', 'accepted');
CREATE INDEX attempt_spent ON attempt (team_id, account_id, ended_at) WHERE state <> 'notSent';
CREATE INDEX attempt_open ON attempt (team_id, account_id, id) WHERE state IN ('intent', 'unknown');

CREATE TABLE thread (
    team_id ident NOT NULL,
    id ident NOT NULL,
    account_id ident NOT NULL,
    profile_id ident NOT NULL,
    platform_id text,
    archived boolean NOT NULL DEFAULT false,
    last_message_at timestamptz,
    last_inbound_at timestamptz,
    last_outbound_at timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, id),
    UNIQUE (team_id, account_id, profile_id)
) WITH (fillfactor = 80);

CREATE TABLE message (
    team_id ident NOT NULL,
    id ident NOT NULL,
    account_id ident NOT NULL,
    thread_id ident NOT NULL,
    platform_id text COLLATE "C" NOT NULL,
    direction text NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    content text NOT NULL,
    sent_at timestamptz NOT NULL,
    attempt_id ident,
    PRIMARY KEY (team_id, id),
    UNIQUE (team_id, account_id, platform_id)
);
CREATE INDEX message_thread ON message (team_id, thread_id, sent_at);

-- ---------------------------------------------------------------- events, duties, imports, clock

CREATE TABLE event (
    team_id ident NOT NULL,
    seq bigint NOT NULL,
    id ident NOT NULL,
    type text NOT NULL,
    object_type text NOT NULL,
    object_id ident NOT NULL,
    data jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, seq)
);

-- What the engine does by itself. `wanted` > `done` tells that something asked for it since it last ran to its end;
-- `starts` counts starts without an end, to stop a duty that kills its worker.
CREATE TABLE duty (
    team_id ident NOT NULL,
    kind text NOT NULL CHECK (kind IN ('sync', 'assess', 'plan', 'replies', 'reconcile', 'import')),
    key ident NOT NULL,
    due_at timestamptz NOT NULL,
    lease_until timestamptz NOT NULL DEFAULT '-infinity',
    starts integer NOT NULL DEFAULT 0,
    wanted bigint NOT NULL DEFAULT 1,
    done bigint NOT NULL DEFAULT 0,
    last_error text,
    PRIMARY KEY (team_id, kind, key)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX duty_due ON duty (due_at);

CREATE TABLE import_job (
    team_id ident NOT NULL,
    id ident NOT NULL,
    list_id ident NOT NULL,
    type text NOT NULL CHECK (type IN ('csv')),
    status text NOT NULL CHECK (status IN ('queued', 'starting', 'running', 'paused', 'completed', 'failed', 'canceled')),
    file_name text NOT NULL,
    column_mapping jsonb NOT NULL,
    merge_strategy text NOT NULL CHECK (merge_strategy IN ('overwrite', 'fillEmpty', 'keep')),
    total_count bigint,
    processed_count bigint NOT NULL DEFAULT 0,
    added_count bigint NOT NULL DEFAULT 0,
    skipped_count bigint NOT NULL DEFAULT 0,
    failed_count bigint NOT NULL DEFAULT 0,
    error text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    completed_at timestamptz,
    PRIMARY KEY (team_id, id),
    CHECK (processed_count = added_count + skipped_count + failed_count),
    CHECK ((status IN ('completed', 'failed', 'canceled')) = (completed_at IS NOT NULL))
);
CREATE INDEX import_job_list ON import_job (team_id, list_id, id);

CREATE TABLE import_chunk (
    team_id ident NOT NULL,
    job_id ident NOT NULL,
    number integer NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (team_id, job_id, number)
);

CREATE TABLE import_reject (
    team_id ident NOT NULL,
    job_id ident NOT NULL,
    line bigint NOT NULL,
    reason text NOT NULL,
    content text NOT NULL,
    PRIMARY KEY (team_id, job_id, line)
);

-- Engine time of a virtual run: one row while the clock is virtual, none in real operation.
CREATE TABLE virtual_clock (
    "only" boolean PRIMARY KEY DEFAULT true CHECK ("only"),
    instant timestamptz NOT NULL
);

-- ---------------------------------------------------------------- counters, kept by construction

-- Row by row, since a join of the changed rows would be planned once for few rows and kept for a million.
CREATE FUNCTION refuse_impossible_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM lead_transition t WHERE t.before = OLD.state AND t.after = NEW.state) THEN
        RAISE EXCEPTION 'lead % cannot pass from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER lead_transition_check BEFORE UPDATE ON lead FOR EACH ROW WHEN (OLD.state <> NEW.state)
    EXECUTE FUNCTION refuse_impossible_transition();

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
CREATE FUNCTION lead_count_on_%1$s() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    INSERT INTO campaign_counter AS c (team_id, campaign_id, slot, assessing, ready, in_sequence, finished, replied,
        held, failed, canceled, unreachable, excluded, removed, targets, assessed, contacted, contacted_open, answered,
        consent_missing)
    SELECT team_id, campaign_id, pg_backend_pid() & 15,
        coalesce(sum(sign) FILTER (WHERE state = 'assessing'), 0),
        coalesce(sum(sign) FILTER (WHERE state = 'ready'), 0),
        coalesce(sum(sign) FILTER (WHERE state = 'inSequence'), 0),
        coalesce(sum(sign) FILTER (WHERE state = 'finished'), 0),
        coalesce(sum(sign) FILTER (WHERE state = 'replied'), 0),
        coalesce(sum(sign) FILTER (WHERE state = 'held'), 0),
        coalesce(sum(sign) FILTER (WHERE state = 'failed'), 0),
        coalesce(sum(sign) FILTER (WHERE state = 'canceled'), 0),
        coalesce(sum(sign) FILTER (WHERE state = 'unreachable'), 0),
        coalesce(sum(sign) FILTER (WHERE state = 'excluded'), 0),
        coalesce(sum(sign) FILTER (WHERE state = 'removed'), 0),
        coalesce(sum(sign) FILTER (WHERE contacted_at IS NOT NULL
            OR state NOT IN ('excluded', 'removed', 'canceled', 'unreachable')), 0),
        coalesce(sum(sign) FILTER (WHERE contacted_at IS NOT NULL
            OR state NOT IN ('excluded', 'removed', 'canceled', 'unreachable', 'assessing')), 0),
        coalesce(sum(sign) FILTER (WHERE contacted_at IS NOT NULL), 0),
        coalesce(sum(sign) FILTER (WHERE contacted_at IS NOT NULL AND state IN ('inSequence', 'held')), 0),
        coalesce(sum(sign) FILTER (WHERE replied_at IS NOT NULL), 0),
        coalesce(sum(sign) FILTER (WHERE state = 'excluded' AND reason = 'consentMissing'), 0)
    FROM (%2$s) AS changed
    GROUP BY team_id, campaign_id
    ORDER BY team_id, campaign_id
    ON CONFLICT (team_id, campaign_id, slot) DO UPDATE SET
        assessing = c.assessing + excluded.assessing,
        ready = c.ready + excluded.ready,
        in_sequence = c.in_sequence + excluded.in_sequence,
        finished = c.finished + excluded.finished,
        replied = c.replied + excluded.replied,
        held = c.held + excluded.held,
        failed = c.failed + excluded.failed,
        canceled = c.canceled + excluded.canceled,
        unreachable = c.unreachable + excluded.unreachable,
        excluded = c.excluded + excluded.excluded,
        removed = c.removed + excluded.removed,
        targets = c.targets + excluded.targets,
        assessed = c.assessed + excluded.assessed,
        contacted = c.contacted + excluded.contacted,
        contacted_open = c.contacted_open + excluded.contacted_open,
        answered = c.answered + excluded.answered,
        consent_missing = c.consent_missing + excluded.consent_missing;
    RETURN NULL;
END $body$;
CREATE TRIGGER lead_count_%1$s AFTER %1$s ON lead REFERENCING %3$s
    FOR EACH STATEMENT EXECUTE FUNCTION lead_count_on_%1$s();
$function$, change.operation, change.rows, change.tables);
    END LOOP;
END $make$;

INSERT INTO lead_transition (before, after) VALUES
    ('assessing', 'canceled'),
    ('assessing', 'excluded'),
    ('assessing', 'finished'),
    ('assessing', 'held'),
    ('assessing', 'inSequence'),
    ('assessing', 'ready'),
    ('assessing', 'removed'),
    ('assessing', 'unreachable'),
    ('ready', 'assessing'),
    ('ready', 'canceled'),
    ('ready', 'excluded'),
    ('ready', 'failed'),
    ('ready', 'finished'),
    ('ready', 'held'),
    ('ready', 'inSequence'),
    ('ready', 'removed'),
    ('ready', 'replied'),
    ('ready', 'unreachable'),
    ('inSequence', 'canceled'),
    ('inSequence', 'excluded'),
    ('inSequence', 'failed'),
    ('inSequence', 'finished'),
    ('inSequence', 'held'),
    ('inSequence', 'removed'),
    ('inSequence', 'replied'),
    ('finished', 'replied'),
    ('held', 'assessing'),
    ('held', 'canceled'),
    ('held', 'excluded'),
    ('held', 'failed'),
    ('held', 'finished'),
    ('held', 'inSequence'),
    ('held', 'ready'),
    ('held', 'removed'),
    ('held', 'replied'),
    ('held', 'unreachable'),
    ('failed', 'replied'),
    ('canceled', 'assessing'),
    ('canceled', 'finished'),
    ('canceled', 'inSequence'),
    ('canceled', 'ready'),
    ('canceled', 'replied'),
    ('unreachable', 'assessing'),
    ('unreachable', 'canceled'),
    ('unreachable', 'excluded'),
    ('unreachable', 'finished'),
    ('unreachable', 'inSequence'),
    ('unreachable', 'removed'),
    ('unreachable', 'replied'),
    ('excluded', 'assessing'),
    ('excluded', 'canceled'),
    ('excluded', 'finished'),
    ('excluded', 'inSequence'),
    ('excluded', 'ready'),
    ('excluded', 'removed'),
    ('excluded', 'replied'),
    ('removed', 'assessing'),
    ('removed', 'excluded'),
    ('removed', 'finished'),
    ('removed', 'inSequence'),
    ('removed', 'ready'),
    ('removed', 'replied');

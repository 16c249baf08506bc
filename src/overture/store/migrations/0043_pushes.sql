-- What platforms tell by themselves. An event waits here from the post that brought it until it is taken; it stays for a
-- while, so that what is told again is known. Instants are engine time.
CREATE TABLE pushed_event (
    team_id ident NOT NULL REFERENCES team,
    account_id ident NOT NULL,
    event_id text COLLATE "C" NOT NULL CHECK (char_length(event_id) <= 200),
    kind text NOT NULL,
    platform_id text,
    conversation_id text,
    sender_id text,
    sender_username text,
    sender_name text,
    content text,
    sent_at timestamptz,
    received_at timestamptz NOT NULL,
    taken_at timestamptz,
    PRIMARY KEY (team_id, account_id, event_id),
    FOREIGN KEY (team_id, account_id) REFERENCES account_link
);
CREATE INDEX pushed_event_waiting ON pushed_event (team_id, account_id, received_at) WHERE taken_at IS NULL;
CREATE INDEX pushed_event_taken ON pushed_event (taken_at) WHERE taken_at IS NOT NULL;

-- How an account is told of answers: by which way besides reading its inbox, since when, and when one came last, with
-- how late it was. `problem`: why it is not told, though its app could be.
CREATE TABLE account_push (
    team_id ident NOT NULL,
    account_id ident NOT NULL,
    way text CHECK (way IN ('webhook', 'stream')),
    since timestamptz,
    received_at timestamptz,
    delay_ms bigint CHECK (delay_ms >= 0),
    problem text,
    PRIMARY KEY (team_id, account_id),
    FOREIGN KEY (team_id, account_id) REFERENCES account_link,
    CHECK ((way IS NULL) = (since IS NULL))
);

-- How an app is told: the address it gave the platform, and which process holds
-- its stream (wall time).
CREATE TABLE app_push (
    team_id ident NOT NULL,
    app_id ident NOT NULL,
    way text CHECK (way IN ('webhook', 'stream')),
    address text,
    checked_at timestamptz,
    problem text,
    holder text,
    held_until timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (team_id, app_id),
    FOREIGN KEY (team_id, app_id) REFERENCES platform_app
);

ALTER TABLE duty DROP CONSTRAINT duty_kind_check;
ALTER TABLE duty ADD CONSTRAINT duty_kind_check
    CHECK (kind IN ('sync', 'assess', 'plan', 'replies', 'reconcile', 'import', 'resume', 'lookup', 'push', 'listen'));

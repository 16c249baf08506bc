-- Members sign in to the page with their address and a password.

-- Directory: whose an address is. One of the few tables without the team in front.
CREATE TABLE sign_in (
    email_key text PRIMARY KEY CHECK (char_length(email_key) <= 1024),
    team_id ident NOT NULL,
    member_id ident NOT NULL,
    password_hash text NOT NULL,
    changed_at timestamptz NOT NULL,
    UNIQUE (team_id, member_id),
    FOREIGN KEY (team_id, member_id) REFERENCES member
);

-- A session is a token that ends: wall time, at the latest at `ends_at`, sooner if it is not used.
ALTER TABLE api_token
    ADD COLUMN idle_until timestamptz,
    ADD COLUMN ends_at timestamptz,
    ADD CONSTRAINT api_token_session CHECK ((idle_until IS NULL) = (ends_at IS NULL) AND idle_until <= ends_at),
    ADD CONSTRAINT api_token_session_member CHECK (ends_at IS NULL OR member_id IS NOT NULL);
CREATE INDEX api_token_end ON api_token (ends_at) WHERE ends_at IS NOT NULL;
CREATE INDEX api_token_of_member ON api_token (team_id, member_id) WHERE ends_at IS NOT NULL;

-- One-time addresses at which a member chooses a password, one of each member. Wall time.
CREATE TABLE invitation (
    hash bytea PRIMARY KEY,
    team_id ident NOT NULL,
    member_id ident NOT NULL,
    ends_at timestamptz NOT NULL,
    UNIQUE (team_id, member_id),
    FOREIGN KEY (team_id, member_id) REFERENCES member
);

-- Sign-ins that were tried since an instant of wall time, by a hash of what is guessed at or of where from.
CREATE TABLE sign_in_try (
    key bytea PRIMARY KEY,
    tries integer NOT NULL CHECK (tries > 0),
    since timestamptz NOT NULL
);
CREATE INDEX sign_in_try_since ON sign_in_try (since);

-- Members act by themselves, too.
ALTER TABLE audit_entry
    DROP CONSTRAINT audit_entry_actor_type_check,
    DROP CONSTRAINT audit_entry_check,
    ADD CONSTRAINT audit_entry_actor_type CHECK (actor_type IN ('token', 'member', 'operator')),
    ADD CONSTRAINT audit_entry_actor_id CHECK ((actor_type = 'operator') = (actor_id IS NULL));

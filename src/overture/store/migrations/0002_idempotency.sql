-- What a keyed call answered, kept a day. Written in the transaction of the call's effect.

CREATE TABLE idempotency_key (
    team_id ident NOT NULL REFERENCES team,
    key text COLLATE "C" NOT NULL CHECK (char_length(key) BETWEEN 1 AND 255),
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    status smallint NOT NULL CHECK (status BETWEEN 200 AND 299),
    media_type text,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, key)
);

-- For the sweep, which takes the expired of all teams at once.
CREATE INDEX idempotency_key_age ON idempotency_key (created_at);

-- An inbox too long to be read at once is read on where its last reading ended. When the end is reached, the inbox is
-- known as it was when the reading began.

CREATE TABLE inbox_reading (
    team_id ident NOT NULL,
    account_id ident NOT NULL,
    page text NOT NULL,
    newest_id text NOT NULL,
    began_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, account_id)
);

-- What an account that catches up after a restore has read so far: messages are told apart only once all are known.
CREATE TABLE catch_up_message (
    team_id ident NOT NULL,
    account_id ident NOT NULL,
    platform_id text COLLATE "C" NOT NULL,
    conversation_id text,
    sender_id text NOT NULL,
    other_id text NOT NULL,
    is_inbound boolean NOT NULL,
    content text NOT NULL,
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, account_id, platform_id),
    FOREIGN KEY (team_id, account_id) REFERENCES catch_up ON DELETE CASCADE
);

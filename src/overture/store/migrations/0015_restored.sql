-- A restored backup knows nothing of what was sent and said since it was made; the platform does. Until the inboxes of
-- all accounts named here were read to their heads, their team's gate stays closed. `since`: when the backup was made.

CREATE TABLE catch_up (
    team_id ident NOT NULL,
    account_id ident NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (team_id, account_id)
);

-- Messages sent since the backup to people of whom the backup has no lead: whoever joins later with the same text to come
-- is held for a decision.
CREATE TABLE unplaced_message (
    team_id ident NOT NULL,
    profile_id ident NOT NULL,
    platform_id text COLLATE "C" NOT NULL,
    content text NOT NULL,
    PRIMARY KEY (team_id, profile_id, platform_id)
);

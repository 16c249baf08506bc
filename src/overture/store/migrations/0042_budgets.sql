-- What a platform last said of its windows, to each account: how many calls of a kind are left, and until when.
CREATE TABLE budget_window (
    team_id ident NOT NULL,
    account_id ident NOT NULL,
    endpoint text NOT NULL CHECK (endpoint IN (
        'send', 'conversation', 'followers', 'following', 'inbox', 'likes', 'profiles', 'usernames')),
    scope text NOT NULL CHECK (scope IN ('account', 'app')),
    seconds integer NOT NULL CHECK (seconds > 0),
    allowed integer NOT NULL CHECK (allowed >= 0),
    remaining integer NOT NULL CHECK (remaining BETWEEN 0 AND allowed),
    resets_at timestamptz NOT NULL,
    told_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, account_id, endpoint, scope, seconds)
) WITH (fillfactor = 50);

-- What a platform bills, counted by app and UTC day; what it costs follows from the price list.
CREATE TABLE app_cost (
    team_id ident NOT NULL,
    app_id ident NOT NULL,
    day date NOT NULL,
    kind text NOT NULL CHECK (kind IN ('messageSent', 'messageRead', 'profileRead')),
    units bigint NOT NULL CHECK (units > 0),
    PRIMARY KEY (team_id, app_id, day, kind),
    FOREIGN KEY (team_id, app_id) REFERENCES platform_app (team_id, id)
) WITH (fillfactor = 50);

-- Whether campaigns of this database only simulate sending: decided by the first start on it, for good. What a dry run
-- writes down (who was contacted, what was answered) must never be taken for what really happened.
CREATE TABLE delivery (
    "only" boolean PRIMARY KEY DEFAULT true CHECK ("only"),
    is_dry boolean NOT NULL
);

-- A database that is in use delivers.
INSERT INTO delivery (is_dry) SELECT false WHERE EXISTS (SELECT FROM team);

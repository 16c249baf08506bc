-- How many calls each team made, in slots of time, newest first. Counted at every call, so nothing of it goes to the
-- log, and a crash of the database forgets it. Each array has a slot more than its window: what is only partly inside
-- counts.

CREATE UNLOGGED TABLE call_count (
    team_id ident NOT NULL,
    bucket text NOT NULL CHECK (bucket IN ('token', 'session')),
    minute_slot bigint NOT NULL,
    minute integer[] NOT NULL CHECK (array_length(minute, 1) = 61),
    hour_slot bigint NOT NULL,
    hour integer[] NOT NULL CHECK (array_length(hour, 1) = 61),
    day_slot bigint NOT NULL,
    day integer[] NOT NULL CHECK (array_length(day, 1) = 49),
    PRIMARY KEY (team_id, bucket)
) WITH (fillfactor = 40);

-- The counts as they are `slots` later.
CREATE FUNCTION calls_later(counts integer[], slots bigint) RETURNS integer[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN slots <= 0 THEN counts
        WHEN slots >= cardinality(counts) THEN array_fill(0, ARRAY[cardinality(counts)])
        ELSE array_fill(0, ARRAY[slots::integer]) || counts[1 : cardinality(counts) - slots::integer]
    END;

CREATE FUNCTION calls_with_one_more(counts integer[]) RETURNS integer[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (counts[1] + 1) || counts[2 : cardinality(counts)];

CREATE FUNCTION calls_in_all(counts integer[]) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT sum(count) FROM unnest(counts) AS v (count));

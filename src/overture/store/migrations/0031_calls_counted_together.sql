-- Calls that come at the same time are counted at once; `calls_with_one_more` stays for programs of before.
CREATE FUNCTION calls_with_more(counts integer[], calls integer) RETURNS integer[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (counts[1] + calls) || counts[2 : cardinality(counts)];

-- A ready lead stands here for one more account: does it reach the person, too? The plan asks where that would help.
ALTER TABLE assess_queue ADD COLUMN account_id ident;

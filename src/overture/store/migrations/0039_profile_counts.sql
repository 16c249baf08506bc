-- What a look-up tells of a profile beside its followers; null: not looked up since, or not told.
ALTER TABLE profile
    ADD COLUMN is_protected boolean,
    ADD COLUMN following_count bigint,
    ADD COLUMN post_count bigint,
    ADD COLUMN like_count bigint,
    ADD COLUMN listed_count bigint;

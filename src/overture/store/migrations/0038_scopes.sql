-- What an account has granted, where its platform told (null: it did not), and why it must be authorised again.
ALTER TABLE account_link
    ADD COLUMN scopes text[],
    ADD COLUMN offline_code text,
    ADD COLUMN offline_at timestamptz,
    ADD CHECK ((offline_code IS NULL) = (offline_at IS NULL));

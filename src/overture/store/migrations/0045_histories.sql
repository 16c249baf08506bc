-- Imports of what an account and others wrote to each other before the platform's own record begins. They fill the lists
-- Contacted and Mutual, and belong to the account.
ALTER TABLE import_job DROP CONSTRAINT import_job_type_check;
ALTER TABLE import_job
    ADD CONSTRAINT import_job_type_check CHECK (type IN ('csv', 'followers', 'following', 'likes', 'history')),
    ADD COLUMN account_id ident,
    ADD CHECK ((account_id IS NOT NULL) = (type = 'history'));

-- Check-only imports, consent of everybody in a file, and what an import must know to be undone.
ALTER TABLE import_job
    ADD COLUMN check_only boolean NOT NULL DEFAULT false,
    ADD COLUMN consent jsonb,
    ADD COLUMN undone_at timestamptz,
    ADD CHECK (consent ?& ARRAY['basis', 'evidence', 'by']),
    ADD CHECK (undone_at IS NULL OR (completed_at IS NOT NULL AND NOT check_only));

-- The import that put a lead on its list, as long as nobody has touched the lead by hand.
ALTER TABLE list_lead ADD COLUMN import_id ident;

-- The import that recorded the consent.
ALTER TABLE contact ADD COLUMN consent_import_id ident;
CREATE INDEX contact_consent_import ON contact (team_id, consent_import_id) WHERE consent_import_id IS NOT NULL;

-- Whom an import named of those who were on its list before, and what it changed of them: values by column id.
CREATE TABLE import_lead (
    team_id ident NOT NULL,
    job_id ident NOT NULL,
    profile_id ident NOT NULL,
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    PRIMARY KEY (team_id, job_id, profile_id)
);

-- Whom a check-only import has met so far; kept until it ends.
CREATE TABLE import_met (
    team_id ident NOT NULL,
    job_id ident NOT NULL,
    platform_id text NOT NULL,
    PRIMARY KEY (team_id, job_id, platform_id)
);

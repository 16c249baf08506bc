-- When what undoing an import needs, and the rows it did not take, were deleted.

ALTER TABLE import_job ADD COLUMN pruned_at timestamptz;
CREATE INDEX import_job_kept ON import_job (completed_at) WHERE pruned_at IS NULL AND completed_at IS NOT NULL;

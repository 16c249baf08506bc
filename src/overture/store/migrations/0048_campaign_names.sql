-- Campaigns are shown in the order of their names.
CREATE INDEX campaign_name ON campaign (team_id, (lower(left(name, 100))), id) WHERE deleted_at IS NULL;

-- Deleting a status or a tag finds those who have it; whoever has neither costs nothing.
CREATE INDEX contact_status ON contact (team_id, status_id, id) WHERE status_id IS NOT NULL;
-- By the tag alone, whose id no other team has: an index over arrays takes no other column without an extension.
CREATE INDEX contact_tags ON contact USING gin (tag_ids) WHERE tag_ids <> '{}';

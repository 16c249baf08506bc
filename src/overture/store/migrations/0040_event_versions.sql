-- In which form a webhook gets events; the previous release knows the second version alone.
ALTER TABLE webhook ADD COLUMN api_version text NOT NULL DEFAULT '2' CHECK (api_version IN ('1.0', '2'));

-- The contact that a delivery says something of: so that it is cleared when the person is forgotten.
ALTER TABLE webhook_delivery ADD COLUMN contact_id text;
UPDATE webhook_delivery SET contact_id = object_id WHERE type LIKE 'contact.%';
CREATE INDEX webhook_delivery_contact ON webhook_delivery (team_id, contact_id) WHERE contact_id IS NOT NULL;

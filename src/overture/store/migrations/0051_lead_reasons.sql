-- Leads by why they stand where they stand, by the kind of the reason: `variableMissing:bio` is a `variableMissing`.
-- None of a lead that is on its way has one, so sending writes nothing here.
CREATE INDEX lead_reason ON lead (team_id, campaign_id, split_part(reason, ':', 1), profile_id)
    WHERE reason IS NOT NULL;

-- Leads that have answered, however many have not.
CREATE INDEX lead_replied ON lead (team_id, campaign_id, profile_id) WHERE replied_at IS NOT NULL;

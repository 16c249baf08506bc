-- Pages of leads in one state, however few they are. The price: a lead that changes its state leaves its page (no HOT
-- update), which it does about twice in its life.
CREATE INDEX lead_state ON lead (team_id, campaign_id, state, profile_id);
-- How display names begin; usernames have their index. Profiles that were not looked up cost nothing.
CREATE INDEX profile_display_name ON profile (team_id, (lower(display_name) COLLATE "C"))
    WHERE display_name IS NOT NULL;

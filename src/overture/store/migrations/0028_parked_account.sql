-- Which leads are parked for an account is asked when leads are shown by account.
CREATE INDEX lead_parked_account ON lead_parked (team_id, account_id, campaign_id);

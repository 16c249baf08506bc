"""The queue of leads whose reachability is to be found out, and of those a further account is to be asked about."""

ANEW = "ON CONFLICT (team_id, campaign_id, lead_id) DO UPDATE SET account_id = NULL, tries = 0"
"""How a lead that is to be assessed is put in. One that stands there already is there for a further account only, as a
plan that was made at the same moment left it: taken out as such, it would be assessed by nobody."""

-- works from: 0003
-- Workers look for work team by team, so that one with a thousand sessions that wait does not hold up another's one.

create index sessions_to_claim_of_team on sessions (team_id, wake_at) where wake_at is not null and lease_owner is null and failed_claims < 2;

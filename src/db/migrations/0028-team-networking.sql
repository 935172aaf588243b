-- What environments of a team get without a choice, and what none of them may exceed. Null: what the server says.
-- works from: 0003

alter table teams
  add column networking_default jsonb,
  add column networking_ceiling jsonb,
  add column networking_updated_at timestamptz;

-- works from: 0003
-- formerly: b13fef16a32e1122da63440332c67396365d4656ccba3dae1b3afd37a485675e
-- Audit lines say for whom a session asked, and which credentials were put in, by name. Lines from before say neither.
-- (It built an index as well, and held up every write meanwhile: 0029 builds it beside them.)

alter table egress_requests add column who jsonb, add column credentials jsonb not null default '[]';

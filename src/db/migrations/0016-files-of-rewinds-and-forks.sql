-- works from: 0003
-- What a disk is to be brought to, asked for before anybody does it: an earlier state of the session's files, or those of another session.

-- Null: it was asked for only. Of a copy: the disk of the source.
alter table sandbox_restores alter column identity drop not null;
-- Where the log ended when it was asked for; of a rewind, the rewind's own place.
alter table sandbox_restores add column seq bigint;
-- False: tools ran between that snapshot and that place.
alter table sandbox_restores add column exact boolean not null default true;
-- What the disk was before. Once it is there the files may be half one, half the other.
alter table sandbox_restores add column before_id text;
-- Why it can't be done yet, for people.
alter table sandbox_restores add column problem text;
create index sandbox_restores_by_source on sandbox_restores (clone_of) where done_at is null and clone_of is not null;

-- When the session got its first disk; null: before this was written down.
alter table sandboxes add column made_at timestamptz;
alter table sandboxes alter column made_at set default now();

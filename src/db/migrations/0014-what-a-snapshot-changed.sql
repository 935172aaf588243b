-- works from: 0003
-- What is different in a snapshot's files from what its disk was taken to, or restored from, before. Null: an older release took it, or
-- that one could not be read.

alter table snapshots add column changes jsonb;

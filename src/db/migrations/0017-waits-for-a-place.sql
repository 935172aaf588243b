-- works from: 0003
-- Sessions of a team that runs as many as it may wait, and their timeline says so: one open entry each, found by this.

create index session_timeline_waits on session_timeline (session_id) where kind = 'waits_for_place' and ended_at is null;

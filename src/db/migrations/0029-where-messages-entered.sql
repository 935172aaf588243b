-- works from: 0003
-- without a transaction
-- Where messages entered their conversation: the latest before a request began it. Built beside writes, however many entries there are; one that
-- is there is built anew, since it may be what a migrator left that was killed.

drop index concurrently if exists events_entered;
create index concurrently events_entered on events (session_id, seq) where type = 'user.message' and echo;

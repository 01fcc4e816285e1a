-- How many failures that change nothing were alike in a minute: those past the first 60 become one event when it is over.
-- `body` is the latest, and past 60 one of those that have no event of their own.
create table gateway.fold (
  minute timestamptz not null,
  key bytea not null,
  seen int not null,
  body text not null,
  constraint fold_pk primary key (minute, key)
) with (fillfactor = 50);

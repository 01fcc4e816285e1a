-- The log keeps personal data in a table of its own, signs checkpoints, begins a partition each month, and may forget the
-- oldest ones.

alter table gateway.audit_head
  add column log_id uuid not null default gen_random_uuid(),
  -- the number of the last checkpoint
  add column checkpoint bigint not null default 0,
  -- what the log keeps from, the hash before that, and what the last checkpoint has said of it
  add column first bigint not null default 1,
  add column first_prevhash text not null default repeat('0', 64),
  add column first_told bigint not null default 1;

-- Without foreign keys: rows go by age and by person, the log's partitions as wholes.
create table gateway.audit_personal (
  sequence bigint constraint audit_personal_pk primary key,
  subject uuid,
  -- where it isn't the subject
  actor uuid,
  recorded timestamptz not null,
  personal text not null
);
create index audit_personal_subject_idx on gateway.audit_personal (subject, sequence) where subject is not null;
create index audit_personal_actor_idx on gateway.audit_personal (actor, sequence) where actor is not null;

insert into gateway.audit_personal (sequence, subject, actor, recorded, personal)
select sequence, subject,
  case when data->'actor'->>'type' = 'account' then nullif((data->'actor'->>'id')::uuid, subject) end,
  recorded, data->>'personal'
from gateway.audit_log, lateral (select body::json->'data' as data) as parsed
where data->>'personal' is not null;

drop trigger audit_log_append_only on gateway.audit_log;
update gateway.audit_log l set body = replace(l.body, '"personal":' || p.personal, '"personal":null')
from gateway.audit_personal p where p.sequence = l.sequence;
create trigger audit_log_append_only before update or delete on gateway.audit_log
  for each row execute function gateway.refuse_change();

-- What everybody reads: the canonical text with what is left of the personal data in its place. No text of a person can
-- hold what is looked for: within JSON's strings a quotation mark follows a backslash. Personal data is looked up row by
-- row: a join might be planned as one pass over all of it, and a page of a long log would take that long.
create view gateway.audit_event as
select l.sequence, l.event_id as id, l.type, l.subject, l.recorded,
  coalesce(
    (select replace(l.body, '"personal":null,"personal_hash":', '"personal":' || p.personal || ',"personal_hash":')
     from gateway.audit_personal p where p.sequence = l.sequence),
    l.body) as body
from gateway.audit_log l;

-- What `sallyport.audit.erased` events said is to go. Done by pages behind the event, so that no erasure holds the log up.
create table gateway.audit_erasure (
  sequence bigint constraint audit_erasure_pk primary key,
  -- null: everybody
  subject uuid,
  up_to bigint not null,
  done_at timestamptz
);

create view gateway.audit_partition as
select c.oid::regclass as partition, bound[1]::bigint as lower, bound[2]::bigint as upper
from pg_inherits i
join pg_class c on c.oid = i.inhrelid
cross join lateral
  regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''?(\d+)''?\) TO \(''?(\d+)''?\)') as bound
where i.inhparent = 'gateway.audit_log'::regclass;

-- Partitions inherit triggers for rows, but not the one against truncating, nor what was revoked.
create function gateway.create_audit_partition(lower bigint, upper bigint) returns void language plpgsql as $$
declare
  name text := format('audit_log_from_%s', lower);
begin
  execute format('create table gateway.%I partition of gateway.audit_log for values from (%s) to (%s)', name, lower, upper);
  execute format('create trigger audit_log_no_truncate before truncate on gateway.%I
    for each statement execute function gateway.refuse_change()', name);
  execute format('revoke update, delete, truncate on gateway.%I from current_user', name);
end $$;

-- Makes partitions ahead of the head. Several gateways may call it at once; it touches the log only where one is missing.
create or replace function gateway.prepare_audit_partitions() returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
  size constant bigint := 250000;
  ahead bigint;
  ends bigint;
begin
  perform pg_advisory_xact_lock(hashtext('sallyport/audit_log/partition'));
  select sequence + size into ahead from gateway.audit_head;
  select max(upper) into ends from gateway.audit_partition;
  while ends < ahead loop
    perform gateway.create_audit_partition(ends, ends + size);
    ends := ends + size;
  end loop;
end $$;

-- The partition that takes the next event, where its first one is of an earlier month (UTC).
create view gateway.audit_month_over as
select h.sequence + 1 as next, p.partition, p.lower, p.upper
from gateway.audit_head h
join gateway.audit_partition p on p.lower <= h.sequence + 1 and h.sequence + 1 < p.upper
where (select date_trunc('month', l.recorded at time zone 'UTC') from gateway.audit_log l
  where l.sequence >= p.lower order by l.sequence limit 1) < date_trunc('month', clock_timestamp() at time zone 'UTC');

-- Cuts that partition behind the last event: nobody gets a number while the log and the head are locked, in the order of
-- whoever numbers. Where something long reads the log the cut is given up at once, for another time: nobody waits behind it.
create function gateway.begin_audit_month() returns void
language plpgsql security definer set search_path = pg_catalog set lock_timeout = '100ms' as $$
declare
  cut record;
begin
  if not exists (select from gateway.audit_month_over) then return; end if;
  perform pg_advisory_xact_lock(hashtext('sallyport/audit_log/partition'));
  lock table gateway.audit_log in access exclusive mode;
  perform from gateway.audit_head for update;
  select * into cut from gateway.audit_month_over;
  if not found then return; end if;
  execute format('alter table gateway.audit_log detach partition %s', cut.partition);
  execute format('alter table gateway.audit_log attach partition %s for values from (%s) to (%s)',
    cut.partition, cut.lower, cut.next);
  perform gateway.create_audit_partition(cut.next, cut.upper);
end $$;

-- Drops what lies wholly before the first event that the last checkpoint promised.
create function gateway.drop_audit_partitions() returns int
language plpgsql security definer set search_path = pg_catalog set lock_timeout = '1s' as $$
declare
  old regclass;
  dropped int := 0;
begin
  perform pg_advisory_xact_lock(hashtext('sallyport/audit_log/partition'));
  for old in
    select p.partition from gateway.audit_partition p, gateway.audit_head h where p.upper <= h.first_told
  loop
    execute format('drop table %s', old);
    dropped := dropped + 1;
  end loop;
  return dropped;
end $$;

-- Triggers hold everybody; what is revoked holds whoever is no superuser before that.
do $$
declare
  each regclass;
begin
  for each in select 'gateway.audit_log'::regclass union all select partition from gateway.audit_partition loop
    execute format('revoke update, delete, truncate on %s from current_user', each);
  end loop;
end $$;

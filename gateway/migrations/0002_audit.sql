-- The audit pipeline (promise 4): outbox -> numbered, hashed log -> broker and projector.

create table gateway.outbox (
  event_id uuid constraint outbox_pk primary key,
  source text not null,
  body text not null,
  ins bigint generated always as identity constraint outbox_ins_key unique,
  recorded_at timestamptz not null default clock_timestamp()
);

-- Outlives the move of an event into the log, so that a late collector can't bring it in a second time.
create table gateway.audit_seen (
  source text not null,
  event_id uuid not null,
  digest bytea not null,
  seen_at timestamptz not null default clock_timestamp(),
  constraint audit_seen_pk primary key (source, event_id)
);
create index audit_seen_seen_at_idx on gateway.audit_seen using brin (seen_at);

create table gateway.audit_head (
  one boolean not null default true constraint audit_head_pk primary key constraint audit_head_one_check check (one),
  sequence bigint not null,
  hash text not null
);
insert into gateway.audit_head (sequence, hash) values (0, repeat('0', 64));

create table gateway.audit_log (
  sequence bigint not null,
  event_id uuid not null,
  type text not null,
  subject uuid,
  recorded timestamptz not null default clock_timestamp(),
  hash text not null,
  body text not null,
  constraint audit_log_pk primary key (sequence)
) partition by range (sequence);

create function gateway.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '%.% is append-only', tg_table_schema, tg_table_name using errcode = 'restrict_violation';
end $$;

create trigger audit_log_append_only before update or delete on gateway.audit_log
  for each row execute function gateway.refuse_change();
create trigger audit_log_no_truncate before truncate on gateway.audit_log
  for each statement execute function gateway.refuse_change();

-- Makes the partition of the head and the one after it. Several gateways may call it at once; it touches the log only
-- where one is missing. Partitions inherit triggers for rows, but not the one against truncating.
create function gateway.prepare_audit_partitions() returns void language plpgsql as $$
declare
  size constant bigint := 1000000;
  current bigint;
  name text;
begin
  perform pg_advisory_xact_lock(hashtext('sallyport/audit_log/partition'));
  select sequence / size into current from gateway.audit_head;
  for number in current .. current + 1 loop
    name := format('audit_log_%s', number);
    continue when to_regclass(format('gateway.%I', name)) is not null;
    execute format('create table if not exists gateway.%I partition of gateway.audit_log for values from (%s) to (%s)',
      name, number * size, (number + 1) * size);
    execute format('create trigger audit_log_no_truncate before truncate on gateway.%I
      for each statement execute function gateway.refuse_change()', name);
  end loop;
end $$;

select gateway.prepare_audit_partitions();

-- What the log can't take waits here for an operator.
create table gateway.audit_quarantine (
  event_id uuid not null,
  source text not null,
  body text not null,
  reason text not null,
  at timestamptz not null default clock_timestamp()
);

create table gateway.cursor (
  name text constraint cursor_pk primary key,
  sequence bigint not null
);
insert into gateway.cursor (name, sequence) values ('relay', 0), ('projector', 0);

create table gateway.lease (
  name text constraint lease_pk primary key,
  holder text not null,
  until timestamptz not null
);

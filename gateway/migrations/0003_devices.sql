-- Devices from which somebody has logged in completely. Each is a lane of its own for guesses at its account's password
-- and codes. It is known while neither the epoch nor the factor version of the fence is higher.
create table gateway.device (
  id uuid constraint device_pk primary key,
  user_id uuid not null constraint device_subject_fk references gateway.subject,
  username text not null,
  epoch bigint not null,
  factor_version bigint not null,
  key_id text not null,
  secret bytea not null,
  hash bytea not null,
  ip text,
  user_agent text,
  created_at timestamptz not null default clock_timestamp(),
  last_used_at timestamptz not null default clock_timestamp()
);
create index device_user_idx on gateway.device (user_id, last_used_at desc);

-- A device may go before its sessions do.
alter table gateway.session add column device_id uuid;

-- Hides the names of accounts in the store of limits; it must not change when keys are rotated.
create table gateway.limit_key (
  one boolean not null default true constraint limit_key_pk primary key constraint limit_key_one_check check (one),
  key bytea not null
);
insert into gateway.limit_key (key) values (sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));

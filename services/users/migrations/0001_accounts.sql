create table users.account (
  id uuid constraint account_pk primary key,
  username text not null constraint account_username_key unique,
  password_hash text not null constraint account_password_hash_check check (password_hash like '$2b$__$%'),
  pepper_id text not null,
  roles text[] not null default '{}',
  otp_enabled boolean not null default false,
  factor_version bigint not null default 0 constraint account_factor_version_check check (factor_version >= 0),
  epoch bigint not null default 1 constraint account_epoch_check check (epoch >= 1),
  locked_at timestamptz,
  created_at timestamptz not null default clock_timestamp()
);

create index account_admin_idx on users.account (id) where 'admin' = any (roles);

-- What each pepper id stands for: a value that only the same key gives.
create table users.pepper (
  id text constraint pepper_pk primary key,
  check_value text not null
);

create table users.outbox (
  event_id uuid constraint outbox_pk primary key,
  body text not null,
  ins bigint generated always as identity,
  recorded_at timestamptz not null default clock_timestamp(),
  acknowledged_at timestamptz
);

create index outbox_pending_idx on users.outbox (ins) where acknowledged_at is null;
create index outbox_acknowledged_idx on users.outbox (acknowledged_at) where acknowledged_at is not null;

-- The fence: what the gateway knows of an account's credential and factor versions. Versions only rise.
create table gateway.subject (
  user_id uuid constraint subject_pk primary key,
  epoch bigint not null,
  factor_version bigint not null default 0,
  locked boolean not null default false
);

create table gateway.session (
  id uuid constraint session_pk primary key,
  user_id uuid not null constraint session_subject_fk references gateway.subject,
  username text not null,
  account_created_at timestamptz not null,
  roles text[] not null,
  -- the versions it was issued under; it is dead once the fence is higher
  epoch bigint not null,
  factor_version bigint not null,
  amr text[] not null,
  auth_time bigint not null,
  -- the last word on "one challenge, one session"
  challenge_hash text constraint session_challenge_hash_key unique,
  refresh_number bigint not null default 0,
  refresh_key_id text not null,
  refresh_secret bytea not null,
  refresh_hash bytea not null,
  rotated_at timestamptz not null default clock_timestamp(),
  ip text,
  user_agent text,
  created_at timestamptz not null default clock_timestamp(),
  last_used_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  ended_at timestamptz,
  end_reason text
);

create index session_live_idx on gateway.session (user_id) where ended_at is null;
create index session_over_idx on gateway.session ((least(ended_at, expires_at)));

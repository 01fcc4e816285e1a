-- One row for each account that ever had a factor. It is never deleted and `version` never restarts, so that whoever
-- repairs a flag by version can't be led back; `last_step` and `last_challenge` outlive the factor, so that a code
-- accepted once is never accepted again for the account.
create table otp.factor (
  user_id uuid not null,
  version bigint not null,
  active boolean not null,
  enrolment_id uuid,
  key_id text,
  nonce bytea,
  ciphertext bytea,
  last_step bigint not null default 0,
  last_challenge text,
  enabled_at timestamptz,
  constraint factor_pk primary key (user_id),
  constraint factor_version_positive check (version > 0),
  constraint factor_secret_iff_active check (
    active = (num_nulls(enrolment_id, key_id, nonce, ciphertext) = 0)
    and active = (num_nonnulls(enrolment_id, key_id, nonce, ciphertext) > 0)
  )
);
create index factor_key_idx on otp.factor (key_id, user_id) where key_id is not null;

create table otp.enrolment (
  user_id uuid not null,
  enrolment_id uuid not null,
  username text not null,
  key_id text not null,
  nonce bytea not null,
  ciphertext bytea not null,
  attempts integer not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  constraint enrolment_pk primary key (user_id)
);
create index enrolment_key_idx on otp.enrolment (key_id, user_id);
create index enrolment_expires_idx on otp.enrolment (expires_at);

-- Wrong in a row = attempts - accepted_at. Both only rise, so that no guess in flight is ever forgotten.
create table otp.lane (
  user_id uuid not null,
  lane text not null,
  attempts bigint not null default 0,
  accepted_at bigint not null default 0,
  locked_until timestamptz,
  constraint lane_pk primary key (user_id, lane),
  constraint lane_accepted_in_range check (accepted_at between 0 and attempts)
);

create table otp.recovery_set (
  user_id uuid not null,
  set_id uuid not null,
  key_id text not null,
  nonce bytea not null,
  ciphertext bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  constraint recovery_set_pk primary key (user_id),
  constraint recovery_set_id_key unique (set_id)
);
create index recovery_set_key_idx on otp.recovery_set (key_id, user_id);

create table otp.recovery_code (
  set_id uuid not null,
  hash bytea not null,
  used_at timestamptz,
  used_challenge text,
  constraint recovery_code_pk primary key (set_id, hash),
  constraint recovery_code_set_fk foreign key (set_id) references otp.recovery_set (set_id) on delete cascade
);

-- What each key id stood for when it was last in use.
create table otp.key (
  id text not null,
  fingerprint bytea not null,
  constraint key_pk primary key (id)
);

create table otp.outbox (
  event_id uuid not null,
  body text not null,
  ins bigint generated always as identity,
  recorded_at timestamptz not null default clock_timestamp(),
  acknowledged_at timestamptz,
  constraint outbox_pk primary key (event_id)
);
create index outbox_pending_idx on otp.outbox (ins) where acknowledged_at is null;
create index outbox_acknowledged_idx on otp.outbox (acknowledged_at) where acknowledged_at is not null;

-- What became of each reset of a factor, so that the same one asked for again gets the same answer and does nothing.
create table otp.reset (
  reset_id uuid not null,
  user_id uuid not null,
  outcome text not null,
  factor_version bigint not null,
  recorded_at timestamptz not null default clock_timestamp(),
  constraint reset_pk primary key (reset_id),
  constraint reset_outcome_check check (outcome in ('reset', 'overtaken'))
);

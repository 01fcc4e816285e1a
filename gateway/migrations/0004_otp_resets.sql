-- Set when a factor was reset, until a login of its owner has said so.
alter table gateway.subject add column factor_reset_at timestamptz;

-- pending -> approved -> done, or void where the factor was another one by then. Without `requested_by`: by the operator.
create table gateway.otp_reset (
  id uuid constraint otp_reset_pk primary key,
  user_id uuid not null,
  factor_version bigint not null,
  reason text not null,
  state text not null constraint otp_reset_state_check check (state in ('pending', 'approved', 'done', 'void')),
  requested_by uuid,
  requested_at timestamptz not null default clock_timestamp(),
  approved_by uuid,
  approved_at timestamptz,
  settled_at timestamptz,
  constraint otp_reset_approved_check check (
    case state when 'pending' then approved_at is null and requested_by is not null else approved_at is not null end)
);

create unique index otp_reset_pending_key on gateway.otp_reset (user_id, factor_version, requested_by)
  where state = 'pending';
create index otp_reset_approved_idx on gateway.otp_reset (approved_at) where state = 'approved';

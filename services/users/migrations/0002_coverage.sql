-- What GET /coverage counts, from these alone.
create index account_factor_idx on users.account (otp_enabled);
create index account_roles_idx on users.account (otp_enabled) include (roles) where roles <> '{}';
create index account_locked_idx on users.account (id) where locked_at is not null;

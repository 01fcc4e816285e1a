-- When an instance first started with this key in front, so that nothing is moved to a key that nobody writes with yet.
alter table otp.key add column wrote_at timestamptz;

-- Blocks by admins, which every gateway holds in memory, and those that a limit made (`created_by` is null), which are here
-- to be seen and lifted. Rows never change.
create table gateway.ip_block (
  id uuid constraint ip_block_pk primary key,
  network cidr not null,
  reason text not null,
  created_by uuid,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  constraint ip_block_limited_check check (created_by is not null or expires_at is not null)
);

create index ip_block_newest_idx on gateway.ip_block (created_at);
create index ip_block_by_admin_idx on gateway.ip_block (id) where created_by is not null;
create index ip_block_over_idx on gateway.ip_block (expires_at);

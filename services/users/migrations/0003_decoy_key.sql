-- Decides which cost an unknown name is answered at. It is no pepper: it must outlive every one of them, and who can read
-- it here sees all accounts anyway.
create table users.decoy_key (
  bytes bytea not null,
  one boolean not null default true,
  constraint decoy_key_pk primary key (one),
  constraint decoy_key_one_check check (one)
);
insert into users.decoy_key (bytes) values (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

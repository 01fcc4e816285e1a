-- How many codes of a set are unused, kept by the statement that uses one, so that sets which run out are an index.
alter table otp.recovery_set add column codes_left integer not null default 10
  constraint recovery_set_codes_left_check check (codes_left >= 0);

update otp.recovery_set s set codes_left = c.unused
from (
  select set_id, count(*) filter (where used_at is null) as unused from otp.recovery_code group by set_id
) c
where c.set_id = s.set_id and c.unused <> 10;

create index recovery_set_few_idx on otp.recovery_set (codes_left) where codes_left < 3;

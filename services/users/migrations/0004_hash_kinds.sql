-- Finds the peppers and costs that hashes name at the price of as many steps, however many accounts there are. Writers wait
-- while it is made: where there are millions of accounts, make it before, by hand and `concurrently`.
create index if not exists account_hash_kind_idx on users.account (pepper_id, substr(password_hash, 5, 2));

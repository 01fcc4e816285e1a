-- The attempts of a lane up to which its owner has been told of wrong codes, at a login.
alter table otp.lane add column told bigint not null default 0;

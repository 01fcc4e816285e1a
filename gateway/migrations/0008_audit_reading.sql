-- Reading the log by type, by account and by both at the cost of what is found, and who read it when.

create index audit_log_type_idx on gateway.audit_log (type, sequence);
create index audit_log_subject_idx on gateway.audit_log (subject, sequence) where subject is not null;
create index audit_log_subject_type_idx on gateway.audit_log (subject, type, sequence) where subject is not null;

create table gateway.audit_reader (
  user_id uuid constraint audit_reader_pk primary key,
  read_at timestamptz not null
);

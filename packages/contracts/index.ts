export { Account, AccountId, FlagPage, FlagQuery, Role } from './account.ts';
export { type AuditEventType, auditEventTypes } from './audit-event-type.ts';
export { canonicalName, foldCase } from './canonical-name.ts';
export { NewPassword, Username } from './credentials.ts';
export * as otp from './otp-calls.ts';
export { EventPage, RecordedEvent } from './recorded-event.ts';
export { RequestContext } from './request-context.ts';
export { Unavailable } from './unavailable.ts';
export * as users from './users-calls.ts';

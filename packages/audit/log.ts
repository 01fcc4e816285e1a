// What events are and how they hang together: all that the parts need of this package beside recording.
export { canonical, sha256Hex } from './chain/canonical.ts';
export { type AuditKeys, judgeSignature, signCheckpoint } from './chain/checkpoint.ts';
export type { Damage, DamageKind } from './chain/damage.ts';
export { hashEvent, hashPersonal, noHash } from './chain/hash-event.ts';
export { type Mark, readMarks } from './chain/marks.ts';
export type { HeldEvent } from './chain/read-entry.ts';
export { type Intact, verifyLog } from './chain/verify-log.ts';
export { takeTurns } from './consume/brokers.ts';
export { AuditData, Personal } from './event/audit-data.ts';
export { AuditEvent } from './event/audit-event.ts';
export { CheckpointData } from './event/checkpoint-data.ts';
export { type AuditEventType, type EventType, eventTypeNames, eventTypes, type Part } from './event/event-types.ts';
export { publishedEvent } from './event/published-event.ts';

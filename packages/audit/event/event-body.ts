import { z } from 'zod';
import { AuditData, Personal, Sha256 } from './audit-data.ts';
import { CheckpointData } from './checkpoint-data.ts';
import { type AuditEventType, type EventType, eventTypeNames, eventTypes } from './event-types.ts';

const checkpoint = 'sallyport.audit.checkpoint';

/** All but checkpoints: those are made where events get their numbers. */
const recordedTypes: AuditEventType[] = eventTypeNames.filter((type) => type !== checkpoint);

const RecordedData = AuditData.extend({ personal_hash: Sha256, personal: Personal });

/** What the log takes of a part: also a reason that only a newer version of that part gives. */
export const RecordedBody = z.strictObject({
  data: RecordedData,
  id: z.uuid(),
  subject: z.uuid().optional(),
  time: z.iso.datetime({ precision: 3 }),
  type: z.enum(recordedTypes),
});

/** What an outbox row holds: an audit event before it has a source, a number and a hash. */
export type EventBody = z.infer<typeof RecordedBody>;

/** A recorded event, held to what its type allows when it is made. */
export const EventBody = z.discriminatedUnion('type', recordedTypes.map(bodyOf) as [ReturnType<typeof bodyOf>]);

function bodyOf(type: AuditEventType) {
  const { outcomes, reasons, subject }: EventType = eventTypes[type];
  const reason = reasons === 'words' ? z.string() : z.enum(reasons as string[]);
  const id = { always: z.uuid(), never: z.never().optional(), 'where known': z.uuid().optional() }[subject];
  return RecordedBody.extend({
    type: z.literal(type),
    subject: id as z.ZodOptional<z.ZodUUID>,
    data: RecordedData.extend({ outcome: z.enum(outcomes), reason: reason.nullable() }),
  });
}

/** A checkpoint before it has a source, a number and a hash. It names no person. */
export const CheckpointBody = z.strictObject({
  ...RecordedBody.omit({ subject: true }).shape,
  type: z.literal(checkpoint),
  data: CheckpointData.extend({ personal_hash: z.null(), personal: z.null() }),
});
export type CheckpointBody = z.infer<typeof CheckpointBody>;

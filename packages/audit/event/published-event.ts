import { z } from 'zod';
import { AuditData } from './audit-data.ts';
import { AuditEvent } from './audit-event.ts';
import { CheckpointData } from './checkpoint-data.ts';
import { type AuditEventType, type EventType, eventTypes } from './event-types.ts';

/**
 * What consumers may rely on of one type of event. What they don't know yet is let through, reasons above all: they are
 * told, not promised.
 */
export function publishedEvent(type: AuditEventType) {
  const { outcomes, reasons, subject }: EventType = eventTypes[type];
  const { shape } = type === 'sallyport.audit.checkpoint' ? CheckpointData : AuditData;
  const told = reasons === 'words' ? 'In the words of whoever did it, or a word for what did' : reasons.join(', ');
  const data = z.looseObject({
    ...shape,
    outcome: outcomes.length === 1 ? z.literal(outcomes[0]) : z.enum(outcomes),
    reason: shape.reason.meta({ description: told || 'None so far' }),
  });
  const { subject: account, ...rest } = AuditEvent.shape;
  return z.looseObject({
    ...rest,
    type: z.literal(type),
    ...(subject === 'never' ? {} : { subject: subject === 'always' ? account.unwrap() : account }),
    data,
  });
}

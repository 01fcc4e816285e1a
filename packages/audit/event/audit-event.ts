import { z } from 'zod';
import { AuditData, Sha256 } from './audit-data.ts';
import { sequence } from './checkpoint-data.ts';

/**
 * An audit event as everybody sees it: CloudEvents 1.0 in structured JSON. What consumers don't know yet, a type or a
 * member, is let through: it may be added, and belongs to the hash.
 */
export const AuditEvent = z.looseObject({
  specversion: z.literal('1.0'),
  id: z.uuid().meta({ description: 'Never changes: what duplicates are told by' }),
  source: z.string().meta({ description: 'PUBLIC_URL/users, PUBLIC_URL/otp or PUBLIC_URL/gateway' }),
  type: z.string(),
  subject: z.uuid().optional().meta({ description: "The account's id; absent where there is none" }),
  time: z.iso.datetime({ precision: 3 }),
  datacontenttype: z.literal('application/json'),
  dataschema: z.string(),
  sequence: sequence.meta({ description: 'The number, a decimal string: from 1, without a gap' }),
  prevhash: Sha256.meta({ description: 'The hash of the event before; 64 zeros for the first' }),
  hash: Sha256.meta({ description: 'SHA-256 of the RFC 8785 canonical form without hash and without data.personal' }),
  data: z.looseObject(AuditData.shape),
});
export type AuditEvent = z.infer<typeof AuditEvent>;

import { auditEventTypes } from '@sallyport/contracts';
import { z } from 'zod';

const types = [...auditEventTypes.users, ...auditEventTypes.otp, ...auditEventTypes.gateway] as const;

const Party = z.strictObject({ type: z.string(), id: z.string().nullable() });

/** What an outbox row holds: an audit event before it has a source, a number and a hash. */
export const EventBody = z.strictObject({
  id: z.uuid(),
  type: z.enum(types),
  subject: z.uuid().optional(),
  time: z.iso.datetime({ precision: 3 }),
  data: z.strictObject({
    outcome: z.enum(['success', 'failure']),
    reason: z.string().nullable(),
    actor: Party.nullable(),
    target: Party.nullable(),
    client: z.string().nullable(),
    session_id: z.string().nullable(),
    request_id: z.string().nullable(),
    amr: z.array(z.string()).nullable(),
    count: z.int().positive().nullable(),
    personal_hash: z.string().regex(/^[0-9a-f]{64}$/),
    personal: z.strictObject({
      salt: z.string().regex(/^[0-9a-f]{64}$/),
      ip: z.string().nullable(),
      user_agent: z.string().nullable(),
      username: z.string().nullable(),
    }),
  }),
});
export type EventBody = z.infer<typeof EventBody>;

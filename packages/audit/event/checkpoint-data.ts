import { z } from 'zod';
import { AuditData, Sha256 } from './audit-data.ts';

export const sequence = z.string().regex(/^[1-9]\d{0,14}$/);

/** `data` of a checkpoint: what the log held from the event after the last checkpoint to the one before this. */
export const CheckpointData = AuditData.extend({
  log_id: z.uuid().meta({ description: 'The log, for its whole life' }),
  from: sequence.meta({ description: 'The first event that this checkpoint covers' }),
  to: sequence.meta({ description: 'The last one: the number before its own' }),
  head: Sha256.meta({ description: 'The hash of the event `to`' }),
  time: z.iso.datetime({ precision: 3 }),
  types: z
    .record(z.string(), z.strictObject({ count: z.int().positive(), digest: Sha256 }))
    .meta({ description: 'By type: how many, and the SHA-256 of their hex hashes joined in order' }),
  first: sequence.meta({
    description: 'The log keeps what comes from this event on: 1, unless retention dropped the rest',
  }),
  first_prevhash: Sha256.meta({ description: 'The `prevhash` of the event `first`' }),
  kid: z.string().meta({ description: 'The key, at `/.well-known/audit-keys.json`' }),
  signature: z
    .string()
    .regex(/^[A-Za-z0-9_-]{86}$/)
    .meta({
      description:
        'Ed25519, base64url, over `sallyport.audit.checkpoint.v1`, a line feed, and the canonical JSON of `data` without `signature`',
    }),
});
export type CheckpointData = z.infer<typeof CheckpointData>;

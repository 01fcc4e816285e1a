import { z } from 'zod';

export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

// The members of each stand in order, as in the canonical form: so it is made of them at once.

const Party = z.strictObject({ id: z.string().nullable(), type: z.string() });

/** What may name a person; the only part of an event that can be taken out later. */
export const Personal = z.strictObject({
  ip: z
    .string()
    .nullable()
    .meta({ description: 'The address that asked; where addresses were blocked, those as CIDR' }),
  salt: Sha256.meta({ description: '256 random bits: nobody finds the rest by trying' }),
  user_agent: z.string().nullable(),
  username: z.string().nullable().meta({ description: "The account's name; one that is no account's is null" }),
});
export type Personal = z.infer<typeof Personal>;

/** `data` of every event: each member is there, null where there is nothing to say. */
export const AuditData = z.strictObject({
  actor: Party.nullable().meta({ description: 'Who did it; the account itself where nothing else is said' }),
  amr: z.array(z.string()).nullable(),
  client: z.string().nullable().meta({ description: 'The registered platform' }),
  count: z.int().positive().nullable().meta({ description: 'How many it stands for' }),
  outcome: z.enum(['success', 'failure']),
  personal: Personal.nullable().meta({ description: 'Null where there was none, or where it was erased since' }),
  personal_hash: Sha256.nullable(),
  reason: z.string().nullable(),
  request_id: z.string().nullable(),
  session_id: z.string().nullable(),
  target: Party.nullable().meta({ description: 'What it was done to; the account itself where nothing else is said' }),
});
export type AuditData = z.infer<typeof AuditData>;

import { z } from 'zod';
import { Sha256 } from '../event/audit-data.ts';
import { sequence } from '../event/checkpoint-data.ts';
import { canonical } from './canonical.ts';
import { hashEvent, hashPersonal } from './hash-event.ts';

/** What the chain needs of an event. The hash holds the rest to what was recorded, so nothing else is asked of it. */
const Chained = z.looseObject({
  type: z.string(),
  subject: z.string().optional(),
  sequence,
  prevhash: Sha256,
  hash: Sha256,
  data: z.looseObject({ personal: z.looseObject({}).nullable(), personal_hash: Sha256.nullable() }),
});
export type ChainedEvent = z.infer<typeof Chained>;

/** An event as it is stored: its text, and what its row says of it beside that. */
interface StoredEvent {
  body: string;
  columns: Readonly<Record<string, unknown>>;
  /** What was found wrong where it is stored beside itself. */
  misfit?: string | undefined;
}

/** An event as it is held: the text, the text in a row, or the value. */
export type HeldEvent = string | StoredEvent | object;

export interface Entry {
  event: ChainedEvent;
  number: number;
  /** Why its content is not what its hash was made of. */
  misfit: string | undefined;
  personal: 'kept' | 'none' | 'removed' | 'altered';
}

export interface Unreadable {
  event: undefined;
  number: undefined;
  why: string;
}

export function readEntry(held: HeldEvent): Entry | Unreadable {
  const { text, value, columns, misfit } = unpack(held);
  if (value === undefined) return unreadable('is no JSON');
  const { data: event } = Chained.safeParse(value);
  if (event === undefined) return unreadable('is no audit event');
  try {
    return {
      event,
      number: Number(event.sequence),
      misfit: findMisfit(event, text, columns) ?? misfit,
      personal: judgePersonal(event),
    };
  } catch {
    return unreadable('has no canonical form');
  }
}

function unpack(held: HeldEvent): { text?: string; value: unknown } & Partial<Omit<StoredEvent, 'body'>> {
  if (typeof held === 'string') return { text: held, value: parse(held) };
  if (!('body' in held && 'columns' in held)) return { value: held };
  const { body, columns, misfit } = held as StoredEvent;
  return { text: body, value: parse(body), columns, misfit };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const unreadable = (why: string): Unreadable => ({ event: undefined, number: undefined, why });

function findMisfit(event: ChainedEvent, text?: string, columns?: StoredEvent['columns']): string | undefined {
  if (hashEvent(event) !== event.hash) return "isn't what its hash says";
  for (const [name, value] of Object.entries(columns ?? {})) {
    if (String(event[name] ?? null) !== String(value)) return `has another ${name} in its row than in itself`;
  }
  return text === undefined || text === canonical(event) ? undefined : "isn't in its canonical form";
}

function judgePersonal({ data: { personal, personal_hash } }: ChainedEvent): Entry['personal'] {
  if (personal === null) return personal_hash === null ? 'none' : 'removed';
  return hashPersonal(personal) === personal_hash ? 'kept' : 'altered';
}

// The log over HTTP: what a consumer turns to where the queue can't be right. Whatever fails on the way is tried again
// until the consumer stops, since a gateway that is away says nothing about the log.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { AuditKeys } from '../chain/checkpoint.ts';
import type { AuditEvent } from '../event/audit-event.ts';
import { backOffMs } from './back-off-ms.ts';
import type { Log } from './log.ts';
import { judgeEvent } from './read-event.ts';

export interface HttpOptions {
  /** Where the gateway is. */
  url: string;
  /**
   * An access token of an account with the role `audit` and a second factor. `refused` is the one that was no longer
   * taken, if so: a new one is wanted. `signal` aborts when it is of no more use.
   */
  token: (refused?: string, signal?: AbortSignal) => string | Promise<string>;
}

/** Which events: above `after`, up to `to` if that is given, of `types` if those are. */
export interface Range {
  after: number;
  to?: number;
  types?: readonly string[] | undefined;
}

/** An event by its number and its hash. */
export interface Place {
  sequence: number | string;
  hash: string;
}

export interface HttpLog {
  /** The events in order, each held to its own hashes; one that doesn't fit them is thrown. */
  events(range: Range): AsyncGenerator<AuditEvent>;
  /**
   * Whether the log has this very event: `missing` where it has another one there, or begins later; `beyond` where it
   * ends below and still does two seconds later.
   */
  lookUp(place: Place): Promise<'there' | 'missing' | 'beyond'>;
  /** The keys by which checkpoints are signed; undefined where the gateway has none. */
  keys(): Promise<AuditKeys | undefined>;
}

const pageSize = 500;
const looks = 5;
const lookAgainMs = 500;
const answerMs = 30_000;
const firstMs = 500;
const longestMs = 30_000;

const Page = z.object({ events: z.array(z.unknown()), last_sequence: z.string().regex(/^\d{1,15}$/) });
const Keys = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

export function createHttpLog(options: HttpOptions, log: Log, signal: AbortSignal): HttpLog {
  const { url, token } = options;

  async function get(path: string, bearer?: string): Promise<Response> {
    return fetch(new URL(path, url), {
      headers: bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
      redirect: 'error',
    });
  }

  async function getPage({ after, types }: Range, limit = pageSize) {
    const query = new URLSearchParams({ after: String(after), limit: String(limit) });
    for (const type of types ?? []) query.append('type', type);
    const path = `/audit/events?${query}`;
    const bearer = await token(undefined, signal);
    let response = await get(path, bearer);
    if (response.status === 401) {
      await response.body?.cancel();
      response = await get(path, await token(bearer, signal));
    }
    return Page.parse(await bodyOf(response));
  }

  async function insist<Result>(what: string, ask: () => Promise<Result>): Promise<Result> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await ask();
      } catch (error) {
        signal.throwIfAborted();
        log('warn', `${what} can't be read over HTTP`, { error: sayWhy(error) });
      }
      await sleep(backOffMs(failures, firstMs, longestMs), undefined, { signal });
    }
  }

  return {
    async *events(range) {
      const { to = Number.MAX_SAFE_INTEGER, types } = range;
      let { after } = range;
      while (after < to) {
        const page = await insist('the log', () => getPage({ ...range, after }));
        if (page.events.length === 0) return;
        for (const one of page.events) {
          const read = judgeEvent(one);
          if (read.outcome !== 'event') throw new UnfitLog(after, read.outcome);
          const sequence = Number(read.event.sequence);
          if (sequence <= after) throw new UnfitLog(after, 'out of order');
          if (sequence > to) return;
          after = sequence;
          if (types === undefined || types.includes(read.event.type)) yield read.event;
        }
        after = Math.max(after, Number(page.last_sequence));
      }
    },
    async lookUp({ sequence, hash }) {
      const after = Number(sequence) - 1;
      for (let look = 1; ; look += 1) {
        const [one] = (await insist('the log', () => getPage({ after }, 1))).events;
        if (one !== undefined) {
          const read = judgeEvent(one);
          return read.outcome === 'event' && read.event.hash === hash ? 'there' : 'missing';
        }
        if (look === looks) return 'beyond';
        await sleep(lookAgainMs, undefined, { signal });
      }
    },
    keys: () =>
      insist('the keys of the log', async () => {
        const response = await get('/.well-known/audit-keys.json');
        if (response.status !== 404) return Keys.parse(await bodyOf(response)) as AuditKeys;
        await response.body?.cancel();
        return undefined;
      }),
  };
}

/** The gateway gave an event that can't be right. */
export class UnfitLog extends Error {
  override name = 'UnfitLog';
  constructor(after: number, what: string) {
    super(`the log over HTTP is damaged after ${after}: ${what}`);
  }
}

async function bodyOf(response: Response): Promise<unknown> {
  if (response.ok) return response.json();
  const { code } = ((await response.json().catch(() => ({}))) ?? {}) as { code?: unknown };
  throw new Error(`${response.status} ${typeof code === 'string' ? code : ''}`.trim());
}

function sayWhy(error: unknown): string {
  if (error instanceof z.ZodError) return 'the answer is not that of an audit log';
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : String(message);
}

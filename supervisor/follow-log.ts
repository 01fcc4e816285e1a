// The log from a place on, for ever. Each reading begins after the last event that was given out, and waits at the gateway
// for the next one: so nothing is lost or comes twice, whatever is away in between.
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogQuery, LogReader } from './audit-http.ts';
import { findEnd } from './find-end.ts';
import { createInsistence } from './insist.ts';

export interface Followed {
  reader: LogReader;
  filter: Pick<LogQuery, 'types' | 'subject'>;
  /** The last event that is not wanted; by default the last one that there is. */
  after: number | undefined;
  /** Says what happens on the way, in sentences. */
  tell: (sentence: string) => void;
  signal: AbortSignal;
}

const pageSize = 500;
const waitSeconds = 25;
/** A gateway that is about to stop, or has many who wait, answers at once and with nothing. */
const pauseMs = 1_000;

export async function* followLog({ reader, filter, after, tell, signal }: Followed): AsyncGenerator<string> {
  const insist = createInsistence(tell, signal);
  let last = after ?? (await findEnd((query) => insist(() => reader.read({ ...query, signal }))));
  tell(`Following the audit log from event ${last + 1} on.`);
  for (;;) {
    const started = performance.now();
    const page = await insist((again) =>
      reader.read({ ...filter, after: last, limit: pageSize, wait: again ? 0 : waitSeconds, signal }),
    );
    yield* page.texts;
    last = page.last;
    const isEarly = performance.now() - started < waitSeconds * 1_000;
    if (page.texts.length === 0 && isEarly) await sleep(pauseMs, undefined, { signal });
  }
}

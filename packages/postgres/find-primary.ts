import pg from 'pg';
import { inspect, timelineOf } from './inspect.ts';
import { hostOf } from './place-of.ts';
import { reasonOf } from './reason-of.ts';

export interface Primary {
  url: string;
  timeline: number;
}

const connectMs = 1_000;

/**
 * Asks all servers at once, and takes the writable one of the latest timeline: an old primary that came back is writable
 * too, but a promotion has begun a later timeline than its own. One before `since` is never taken.
 * @throws Error that says of each server why not
 */
export async function findPrimary(servers: readonly string[], name: string, since: number): Promise<Primary> {
  const answers = await Promise.all(
    servers.map((url) =>
      ask(url, name).then(
        (timeline) => ({ url, timeline, fault: faultOf(timeline, since) }),
        (error: unknown) => ({ url, timeline: undefined, fault: reasonOf(error) }),
      ),
    ),
  );
  let latest: Primary | undefined;
  for (const { url, timeline, fault } of answers) {
    if (fault === undefined && timeline !== undefined && timeline > (latest?.timeline ?? -1))
      latest = { url, timeline };
  }
  if (latest) return latest;
  const faults = answers.map(({ url, fault }) => `${hostOf(new URL(url))}: ${fault}`);
  throw new Error(`no server can be written to (${faults.join('; ')})`);
}

function faultOf(timeline: number | undefined, since: number): string | undefined {
  if (timeline === undefined) return 'is a standby, or read-only';
  return timeline < since ? 'is an old primary, after which another one was promoted' : undefined;
}

/** The timeline of a writable server. */
async function ask(url: string, name: string): Promise<number | undefined> {
  const client = new pg.Client({ connectionString: url, application_name: name, connectionTimeoutMillis: connectMs });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await inspect(client)).writable ? await timelineOf(client) : undefined;
  } finally {
    // One that hangs answers no goodbye either.
    void client.end().catch(() => undefined);
  }
}

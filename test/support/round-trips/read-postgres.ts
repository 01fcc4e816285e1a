/*
 * What a client of Postgres sends, read from the wire (PostgreSQL 18, 54.7 Message Formats). A query or a Sync is what the
 * server answers to and the client waits for: one round trip each, a transaction's begin and commit included.
 */
import type { ReadTrips } from './counting-proxy.ts';

const protocol3 = 0x00030000;

/**
 * Statements of one connection, behind what follows `prefix` in the program's name; programs of other names are passed
 * over.
 */
export function createPostgresReader(prefix: string): ReadTrips {
  const named = new Map<string, string>();
  let isStarted = false;
  let program: string | undefined;
  let statement = '';
  let rest: Buffer = Buffer.alloc(0);

  function start(body: Buffer): void {
    // A request for TLS or a cancellation stands in its place.
    if (body.readUInt32BE(0) < protocol3) return;
    const words = body.toString('utf8', 4).split('\0');
    const name = words[words.indexOf('application_name') + 1] ?? '';
    if (name.startsWith(prefix)) program = name.slice(prefix.length);
    isStarted = true;
  }

  function readMessage(type: string, body: Buffer): string | undefined {
    const [first = '', second = ''] = body.toString('utf8').split('\0', 2);
    if (type === 'P') named.set(first, second);
    if (type === 'P') statement = second;
    if (type === 'B') statement = named.get(second) ?? '';
    if (type === 'Q') return first;
    return type === 'S' ? statement : undefined;
  }

  return (chunk) => {
    const trips: string[] = [];
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const at = isStarted ? 1 : 0;
      if (rest.length < at + 4) break;
      const end = at + rest.readUInt32BE(at);
      if (rest.length < end) break;
      const body = rest.subarray(at + 4, end);
      if (isStarted) {
        const trip = readMessage(rest.toString('latin1', 0, 1), body);
        if (trip !== undefined && program !== undefined) trips.push(`${program}: ${trip}`);
      } else start(body);
      rest = rest.subarray(end);
    }
    return trips;
  };
}

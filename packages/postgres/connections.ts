// A bounded pool whose connections lead to the server that can be written to now.
// - Making a connection is tried again, at another server or in another form; nothing that was sent to one ever is.
// - Where a connection shows that its server is gone, or is no longer the primary, all that were made before are closed
//   instead of lent: one of them after another would cost a caller each. So it is too where one address moves.
// - With several servers, all are asked who is the primary. A process that has seen one of a later timeline takes no
//   earlier one again.
import type { DatabaseUrl } from '@sallyport/config';
import { Unavailable } from '@sallyport/contracts';
import pg from 'pg';
import { findPrimary, type Primary } from './find-primary.ts';
import { inspect, timelineOf } from './inspect.ts';
import { isServerGone } from './is-away.ts';

export interface Connection extends pg.PoolClient {
  /** A pooler is in between. */
  readonly pooled: boolean;
  readonly generation: number;
}

export interface Connections {
  /** @throws Unavailable when there is none in time */
  lend(): Promise<Connection>;
  /** Told what went wrong on a connection. */
  blame(connection: Connection, error: unknown): void;
  count(): { busy: number; idle: number; most: number; waiting: number };
  close(): Promise<void>;
}

const int8 = 20;
const waitingPerConnection = 50;
const connectMs = 2_000;
/**
 * A statement is planned once. Left to choose, PostgreSQL holds what a plan cost when tables were small against what one costs
 * later, and may plan it anew each time for good: half a millisecond of every login. So a plan must serve tables of any size:
 * one made while they are empty takes their indexes too. Nor is it compiled: those for any values look dear, and all of ours
 * are short.
 */
const keptPlans = '-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off';
/** Between two searches that find no primary. */
const searchPauseMs = 200;

export function openConnections(options: {
  target: DatabaseUrl;
  name: string;
  max: number;
  deadlineMs: number;
  onError: (error: Error) => void;
}): Connections {
  const { name, max, deadlineMs } = options;
  const { servers, writable } = options.target;
  let server: Primary | undefined = writable ? undefined : { url: servers[0] ?? '', timeline: 0 };
  let latest = 0;
  let generation = 0;
  let refusesParameters = false;
  let asking = 0;
  let searching: Promise<Primary> | undefined;

  class MadeConnection extends pg.Client {
    readonly generation = generation;
    pooled = false;
    constructor() {
      super({
        connectionString: server?.url ?? servers[0],
        application_name: name,
        ...(refusesParameters
          ? {}
          : { statement_timeout: deadlineMs, idle_in_transaction_session_timeout: deadlineMs, options: keptPlans }),
        // A Postgres that doesn't answer at all.
        query_timeout: deadlineMs + 500,
        keepAlive: true,
        types: { getTypeParser: (oid, format) => (oid === int8 ? Number : pg.types.getTypeParser(oid, format)) },
      });
    }
  }

  const pool = new pg.Pool({
    Client: MadeConnection,
    max,
    connectionTimeoutMillis: connectMs,
    idleTimeoutMillis: 60_000,
    onConnect: (client) => meet(client as MadeConnection),
  });
  pool.on('error', options.onError);
  // One that breaks while it is lent says so here too, where an error that nobody hears would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));

  async function meet(client: MadeConnection): Promise<void> {
    const met = await inspect(client);
    client.pooled = met.pooled;
    if (!writable) return;
    if (!met.writable || (await timelineOf(client)) < latest) throw new Error('the server is not the primary');
  }

  function search(): Promise<Primary> {
    if (searching) return searching;
    const found = findPrimary(servers, name, latest);
    searching = found;
    const again = () => {
      searching = undefined;
    };
    found.then(
      (primary) => {
        server = primary;
        latest = Math.max(latest, primary.timeline);
        again();
      },
      () => setTimeout(again, searchPauseMs).unref(),
    );
    return found;
  }

  async function fresh(): Promise<Connection> {
    for (;;) {
      const client = (await pool.connect()) as unknown as Connection;
      if (client.generation === generation) return client;
      client.release(true);
    }
  }

  /** Whether another attempt may succeed, which goes elsewhere or asks in another form. */
  function learnFrom(error: unknown, tried: number): boolean {
    if (/unsupported startup parameter/.test(String(error))) {
      refusesParameters = true;
      return true;
    }
    // It says that all are lent, and nothing about the server.
    if (!writable || /^timeout exceeded when trying to connect$/.test((error as Error).message)) return false;
    if (tried === generation) moveOn();
    return true;
  }

  function moveOn(): void {
    generation += 1;
    if (writable) server = undefined;
  }

  async function find(): Promise<Connection> {
    const late = performance.now() + connectMs;
    for (let further = 2; ; further -= 1) {
      if (server === undefined) await search();
      const tried = generation;
      try {
        return await fresh();
      } catch (error) {
        if (!learnFrom(error, tried) || further === 0 || performance.now() > late) throw error;
      }
    }
  }

  return {
    async lend() {
      const tooMany = asking >= max * (waitingPerConnection + 1);
      if (tooMany) throw new Unavailable('postgres', { cause: new Error('too many statements wait') });
      asking += 1;
      try {
        return await find();
      } catch (cause) {
        throw new Unavailable('postgres', { cause });
      } finally {
        asking -= 1;
      }
    },
    blame(connection, error) {
      if (connection.generation === generation && isServerGone(error)) moveOn();
    },
    count: () => ({
      busy: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      most: max,
      waiting: pool.waitingCount,
    }),
    close: () => pool.end(),
  };
}

// What another team runs to get audit events: a loop around one connection to its queue. An event is taken when it is held
// to its own hashes, nothing is missing before it, and the store has its effect; then it is acknowledged, never before.
// What can't be read, was altered, isn't in the log, or fails at every try, lies in the dead-letter queue, is logged, and
// holds nothing up. Whatever else goes wrong ends the connection, and the next one begins where the store says.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumeMessage } from 'amqplib';
import type { AuditKeys } from '../chain/checkpoint.ts';
import { checkpointType } from '../chain/judge-checkpoint.ts';
import type { AuditEvent } from '../event/audit-event.ts';
import type { AuditEventType } from '../event/event-types.ts';
import { backOffMs } from './back-off-ms.ts';
import { splitBrokers, takeTurns } from './brokers.ts';
import { type Choice, chooseTypes, type Handler, type Handlers } from './choose-types.ts';
import { type ConsumerQueue, type DeadReason, openConsumerQueue } from './consumer-queue.ts';
import { AuditDamage, type Damaged } from './damage.ts';
import type { FollowContext, Follower } from './follow.ts';
import { followAll } from './follow-all.ts';
import { followSome } from './follow-some.ts';
import { createHttpLog, type HttpLog, type HttpOptions } from './http-log.ts';
import { createCheckpointJudge } from './judge-checkpoint.ts';
import { type Log, logToStderr } from './log.ts';
import { readEvent } from './read-event.ts';
import type { Store } from './stores/store.ts';
import { takeEvent } from './take-event.ts';
import { waitForStore } from './wait-for-store.ts';

export interface ConsumeOptions<Tools> {
  /** The broker: `amqps://user:password@host/vhost`; the nodes of a cluster with commas between their URLs. */
  amqp: string;
  /** The queue of this consumer, and its name in the store. Its dead letters lie in `<queue>.dead`. */
  queue: string;
  store: Store<Tools>;
  /** One handler, or one for each type. It may run again for an event whose effect was not kept. */
  onEvent: Handler<Tools> | Handlers<Tools>;
  /** With one handler: the types it wants. By default all, also those that will be added. */
  types?: readonly AuditEventType[];
  /** The log over HTTP, from which missing events are fetched. Without it a gap is damage. */
  http?: HttpOptions;
  /** The keys of checkpoints, if they are pinned; by default those of the gateway at `http`. */
  keys?: AuditKeys;
  /** Where a new consumer begins: with what comes from now on (default), or, over `http`, with the log's first event. */
  from?: 'now' | 'beginning';
  /** At a gap that can't be closed or a broken chain: stop (default), or log it and go on. */
  whenDamaged?: 'stop' | 'continue';
  /** How often a handler is tried before the event is put to the dead letters; 5. */
  tries?: number;
  /** The pause after its first failure, doubled after each further one; 1,000. */
  retryMs?: number;
  /** How often an event is delivered to processes that end before it is handled; 10. It can't be changed later. */
  deliveryLimit?: number;
  /** The gateway's exchange; `sallyport.audit`. */
  exchange?: string;
  /** By default JSON lines to stderr. */
  log?: Log;
  /** Stops the consumer like `close()`. */
  signal?: AbortSignal;
}

export interface Consumer {
  /** Stops: the event in hand is finished, or goes back to the queue if its handler keeps failing. */
  close(): Promise<void>;
  /** Resolves when the consumer has stopped; rejects with `AuditDamage` if that is why. */
  done: Promise<void>;
}

const firstMs = 200;
const longestMs = 10_000;

/** Consumes audit events until it is closed. Throws at once on options that can't be right. */
export function consumeAudit<Tools>(options: ConsumeOptions<Tools>): Consumer {
  const { from = 'now', http, log = logToStderr } = options;
  const choice = chooseTypes(options.onEvent, options.types);
  if (from === 'beginning' && !http)
    throw new TypeError("from: 'beginning' wants http: the queue has only what is new");
  for (const name of ['tries', 'deliveryLimit'] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isInteger(value) && value > 0)) throw new TypeError(`${name} is not a count`);
  }
  // URL's own error would show the password.
  if (!splitBrokers(options.amqp).every((url) => isUrl(url, 'amqp'))) throw new TypeError('amqp is no amqp URL');
  if (http && !isUrl(http.url, 'http')) throw new TypeError('http.url is no http URL');
  if (!/^(?!amq\.)[\w.:-]{1,200}$/.test(options.queue)) throw new TypeError('queue is no name that it may have');
  const closing = new AbortController();
  const close = () => closing.abort(new Error('the consumer is closing'));
  if (options.signal?.aborted) close();
  options.signal?.addEventListener('abort', close);
  const done = run({ ...options, log, from }, choice, closing.signal).finally(() =>
    options.signal?.removeEventListener('abort', close),
  );
  return {
    async close() {
      close();
      await done;
    },
    done,
  };
}

function isUrl(text: string, scheme: string): boolean {
  return URL.canParse(text) && [`${scheme}:`, `${scheme}s:`].includes(new URL(text).protocol);
}

type Running<Tools> = ConsumeOptions<Tools> & { log: Log; from: 'now' | 'beginning' };
type Connecting<Tools> = Running<Tools> & { url: string };

/** Connects again for ever, later and later while it fails. */
async function run<Tools>(options: Running<Tools>, choice: Choice<Tools>, closing: AbortSignal): Promise<void> {
  const { log, queue } = options;
  const nextBroker = takeTurns(splitBrokers(options.amqp));
  let failures = 0;
  let told = '';
  const working = () => {
    failures = 0;
    told = '';
  };
  while (!closing.aborted) {
    try {
      await consume({ ...options, url: nextBroker() }, choice, closing, working);
    } catch (error) {
      if (error instanceof AuditDamage) throw error;
      if (closing.aborted) return;
      failures += 1;
      const says = (error as Error).message;
      if (says !== told) log('warn', 'the consumer waits', { queue, error: says });
      told = says;
      await sleep(backOffMs(failures, firstMs, longestMs), undefined, { signal: closing }).catch(() => undefined);
    }
  }
}

/** One connection: from opening the store and the queue until it ends. */
async function consume<Tools>(
  options: Connecting<Tools>,
  choice: Choice<Tools>,
  closing: AbortSignal,
  working: () => void,
): Promise<void> {
  const { url, exchange = 'sallyport.audit', queue: name, store, deliveryLimit = 10, log } = options;
  await store.open();
  const bindings = choice.types ? [...new Set([...choice.types, checkpointType])] : ['#'];
  const queue = await openConsumerQueue({ url, exchange, queue: name, bindings, deliveryLimit }, closing);
  try {
    const signal = AbortSignal.any([closing, queue.signal]);
    const { follower, http, crashed } = createFollower(options, choice, queue, signal);
    log('info', 'the consumer is connected', { queue: name });
    if (http && options.from === 'beginning' && !(await store.find(name))) await follower.catchUp(http);
    for (;;) {
      await takeMessage(await queue.next(closing), { queue, follower, crashed, log, deliveryLimit });
      working();
    }
  } finally {
    await queue.close();
  }
}

function createFollower<Tools>(
  options: Running<Tools>,
  choice: Choice<Tools>,
  queue: ConsumerQueue,
  signal: AbortSignal,
): { follower: Follower; http: HttpLog | undefined; crashed: Set<string> } {
  const { store, queue: consumer, log, tries = 5, retryMs = 1_000 } = options;
  const damaged: Damaged = (says, details) => {
    log('error', says, { queue: consumer, ...details });
    if (options.whenDamaged !== 'continue') throw new AuditDamage(`${says} ${JSON.stringify(details ?? {})}`);
  };
  const http = options.http && createHttpLog(options.http, log, signal);
  const giveUp = (reason: DeadReason) => async (event: AuditEvent) => {
    await queue.bury(event.id, JSON.stringify(event), reason);
    log('error', 'an event lies in the dead-letter queue', { reason, sequence: event.sequence });
  };
  const wants = (event: AuditEvent) => !choice.types || (choice.types as readonly string[]).includes(event.type);
  const handle: Handler<Tools> = (event, tools) => (wants(event) ? choice.handle(event, tools) : undefined);
  const taking = { store, consumer, handle, tries, retryMs, giveUp: giveUp('handler-failed'), log, signal };
  const passOver = { ...taking, tries: 0, giveUp: giveUp('handler-crashed') };
  const crashed = new Set<string>();
  const context: FollowContext = {
    find: () => waitForStore(() => store.find(consumer), taking),
    take: (event, floor) => takeEvent(crashed.delete(event.id) ? passOver : taking, event, floor),
    http,
    judgeCheckpoint: createCheckpointJudge({ pinned: options.keys, http, damaged }),
    damaged,
  };
  return { follower: choice.types ? followSome(context, choice.types) : followAll(context), http, crashed };
}

interface Session {
  queue: ConsumerQueue;
  follower: Follower;
  /** Events to put away, and mark, without handling them. */
  crashed: Set<string>;
  log: Log;
  deliveryLimit: number;
}

async function takeMessage(message: ConsumeMessage, session: Session): Promise<void> {
  const { queue, follower, crashed, log } = session;
  const read = readEvent(message.content.toString());
  if (read.outcome !== 'event') await bury(read.outcome);
  else {
    if (Number(message.properties.headers?.['x-delivery-count'] ?? 0) >= session.deliveryLimit) {
      crashed.add(read.event.id);
    }
    if ((await follower.follow(read.event)) === 'not-in-the-log') await bury('not-in-the-log');
  }
  queue.ack(message);

  async function bury(reason: DeadReason): Promise<void> {
    const id = String(message.properties.messageId);
    await queue.bury(id, message.content, reason);
    log('error', 'a message lies in the dead-letter queue', { reason, id });
  }
}

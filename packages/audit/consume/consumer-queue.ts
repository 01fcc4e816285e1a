// A team's queue and one connection to it. Quorum: it outlives a node. Single active consumer: however many processes a
// team runs, one gets the events, in order, and another takes over when it ends. One message at a time, so that a lost
// connection counts a delivery against nothing but what was in hand. Whatever goes wrong ends the connection: nothing is
// repaired here.
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConfirmChannel, type ConsumeMessage, connect } from 'amqplib';

export interface QueueOptions {
  url: string;
  exchange: string;
  queue: string;
  /** Routing keys to bind: types of events, or `#` for all. */
  bindings: readonly string[];
  deliveryLimit: number;
}

/** Why a message lies in the dead-letter queue: its header `x-sallyport-reason`. */
export type DeadReason = 'unreadable' | 'altered' | 'not-in-the-log' | 'handler-failed' | 'handler-crashed';

export interface ConsumerQueue {
  /** Aborted, with the reason, when the connection has ended. */
  signal: AbortSignal;
  /** The next message, from the first call on; throws when the connection has ended, or when nobody wants it any more. */
  next(wanted: AbortSignal): Promise<ConsumeMessage>;
  ack(message: ConsumeMessage): void;
  /** Puts a text into the dead-letter queue; resolves when the broker has it. */
  bury(id: string, text: string | Buffer, reason: DeadReason): Promise<void>;
  /** Stops deliveries, and closes within a second. */
  close(): Promise<void>;
}

const openMs = 10_000;
const closeMs = 1_000;
const heartbeatSeconds = 10;

/** Where a queue's dead letters go. */
export function deadQueueOf(queue: string): string {
  return `${queue}.dead`;
}

/** Connects, declares the queue and that of its dead letters, and binds it. */
export async function openConsumerQueue(options: QueueOptions, signal: AbortSignal): Promise<ConsumerQueue> {
  const ended = new AbortController();
  const { channel, cut, close } = await openChannel(options.url, options.queue, signal, ended);
  try {
    await declareQueue(channel, options);
    const mailbox = createMailbox();
    ended.signal.addEventListener('abort', mailbox.wake);
    await channel.prefetch(1);
    let consumerTag: string | undefined;
    const start = async () => {
      const consuming = await channel.consume(options.queue, (message) => {
        if (message) mailbox.put(message);
        else ended.abort(new Error('the broker has cancelled the consumer: was the queue deleted?'));
      });
      return consuming.consumerTag;
    };
    return {
      signal: ended.signal,
      async next(wanted) {
        consumerTag ??= await start();
        wanted.addEventListener('abort', mailbox.wake);
        try {
          for (;;) {
            ended.signal.throwIfAborted();
            wanted.throwIfAborted();
            const message = mailbox.take();
            if (message) return message;
            await mailbox.changed();
          }
        } finally {
          wanted.removeEventListener('abort', mailbox.wake);
        }
      },
      ack(message) {
        ended.signal.throwIfAborted();
        channel.ack(message);
      },
      bury: (id, text, reason) => bury(channel, deadQueueOf(options.queue), id, text, reason),
      async close() {
        // Before a connection closes, so that nothing more is delivered and counted.
        if (consumerTag !== undefined && !ended.signal.aborted) await within(channel.cancel(consumerTag), closeMs);
        await close();
      },
    };
  } catch (error) {
    cut();
    throw error;
  }
}

/** Opens a channel whose end, for whatever reason, aborts `ended`. */
export async function openChannel(url: string, name: string, signal: AbortSignal, ended: AbortController) {
  const cutting = new AbortController();
  const cut = () => cutting.abort(new Error('closed'));
  const late = setTimeout(() => cutting.abort(new Error('the broker did not answer in time')), openMs);
  // Only while it opens: what is in hand when the consumer stops is still to be acknowledged.
  signal.addEventListener('abort', cut);
  const socket = {
    timeout: openMs,
    noDelay: true,
    keepAlive: true,
    signal: cutting.signal,
    clientProperties: { connection_name: `sallyport audit consumer ${name}` },
  };
  try {
    const connection = await connect(withHeartbeat(url), socket);
    const onFault = (error: Error) => ended.abort(error);
    connection.on('error', onFault);
    connection.on('close', () => onFault(new Error('the connection was closed')));
    const channel = await connection.createConfirmChannel();
    channel.on('error', onFault);
    channel.on('close', () => onFault(new Error('the channel was closed')));
    channel.on('return', () => onFault(new Error('the dead-letter queue is gone')));
    return {
      channel,
      cut,
      async close() {
        await within(connection.close(), closeMs);
        cut();
      },
    };
  } catch (error) {
    cut();
    throw error;
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', cut);
  }
}

async function declareQueue(channel: ConfirmChannel, options: QueueOptions): Promise<void> {
  const { exchange, queue, bindings, deliveryLimit } = options;
  await channel.checkExchange(exchange).catch((error) => {
    const missing = error.code === 404 || /NOT_FOUND/.test(String(error));
    throw missing ? new Error(`the exchange ${exchange} is not there yet: a gateway with AMQP_URL declares it`) : error;
  });
  const dead = deadQueueOf(queue);
  await channel.assertQueue(dead, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await channel.assertQueue(queue, {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-single-active-consumer': true,
      'x-delivery-limit': deliveryLimit,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': dead,
    },
  });
  for (const binding of bindings) await channel.bindQueue(queue, exchange, binding);
}

function bury(channel: ConfirmChannel, dead: string, id: string, text: string | Buffer, reason: DeadReason) {
  return new Promise<void>((resolve, reject) => {
    const properties = {
      persistent: true,
      mandatory: true,
      contentType: 'application/cloudevents+json',
      messageId: id,
      headers: { 'x-sallyport-reason': reason },
    };
    channel.publish('', dead, Buffer.from(text), properties, (error: Error | null) =>
      error ? reject(error) : resolve(),
    );
  });
}

/** Messages until somebody takes them; `changed` waits for a message or for `wake`. */
function createMailbox() {
  const messages: ConsumeMessage[] = [];
  let waiting: (() => void)[] = [];
  const wake = () => {
    for (const resolve of waiting) resolve();
    waiting = [];
  };
  return {
    put(message: ConsumeMessage) {
      messages.push(message);
      wake();
    },
    take: () => messages.shift(),
    changed: () => new Promise<void>((resolve) => waiting.push(resolve)),
    wake,
  };
}

async function within(promise: Promise<unknown>, ms: number): Promise<void> {
  const late = new AbortController();
  const { signal } = late;
  await Promise.race([promise, sleep(ms, undefined, { signal })]).catch(() => undefined);
  late.abort();
}

function withHeartbeat(text: string): string {
  const url = new URL(text);
  if (!url.searchParams.has('heartbeat')) url.searchParams.set('heartbeat', String(heartbeatSeconds));
  return url.href;
}

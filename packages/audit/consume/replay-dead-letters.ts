import { splitBrokers } from './brokers.ts';
import { chooseTypes, type Handler, type Handlers } from './choose-types.ts';
import { deadQueueOf, openChannel } from './consumer-queue.ts';
import { markOf } from './follow.ts';
import { type Log, logToStderr } from './log.ts';
import { readEvent } from './read-event.ts';
import type { Store } from './stores/store.ts';

export interface ReplayOptions<Tools> {
  /** As for `consumeAudit`. */
  amqp: string;
  /** The queue of the consumer whose dead letters they are. */
  queue: string;
  store: Store<Tools>;
  onEvent: Handler<Tools> | Handlers<Tools>;
  log?: Log;
}

const ofHandlers = ['handler-failed', 'handler-crashed'];

/**
 * Hands those dead letters on that a handler was to blame for, once each and in their order, and takes them out of the
 * queue. What fails again stays there, and so does what is no event of the log. Returns how many were done and how many
 * are left.
 */
export async function replayDeadLetters<Tools>(options: ReplayOptions<Tools>): Promise<{ done: number; left: number }> {
  const { amqp, queue, store, log = logToStderr } = options;
  const { handle } = chooseTypes(options.onEvent);
  const dead = deadQueueOf(queue);
  await store.open();
  const { channel, close } = await openFirst(splitBrokers(amqp), dead);
  const result = { done: 0, left: 0 };
  try {
    // What is not acknowledged goes back when the channel closes, not before: so each is looked at once.
    for (let message = await channel.get(dead); message; message = await channel.get(dead)) {
      const read = readEvent(message.content.toString());
      const reason = message.properties.headers?.['x-sallyport-reason'];
      if (read.outcome !== 'event' || !ofHandlers.includes(reason)) {
        result.left += 1;
        continue;
      }
      const { event } = read;
      try {
        await store.take(dead, markOf(event), 0, (tools) => handle(event, tools));
        channel.ack(message);
        result.done += 1;
      } catch (error) {
        log('warn', 'a dead letter has failed again', { sequence: event.sequence, error: String(error) });
        result.left += 1;
      }
    }
    return result;
  } finally {
    await close();
  }
}

async function openFirst([url = '', ...others]: readonly string[], dead: string): ReturnType<typeof openChannel> {
  try {
    return await openChannel(url, dead, new AbortController().signal, new AbortController());
  } catch (error) {
    if (others.length === 0) throw error;
    return openFirst(others, dead);
  }
}

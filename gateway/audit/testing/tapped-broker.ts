import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Channel, type ConsumeMessage, connect } from 'amqplib';

/** Why tests that need a broker are skipped; false where there is one. */
export const brokerMissing: string | false = process.env.TEST_AMQP_URL ? false : 'TEST_AMQP_URL is not set';

export interface TappedBroker {
  url: URL;
  names: { exchange: string; queue: string };
  channel: Channel;
  /** All messages of the stream, once so many different ones are there, or after 15 s; copies come along. */
  readStream(different: number): Promise<ConsumeMessage[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

const quietMs = 300;
const patienceMs = 15_000;

/** The test's broker with an exchange and a stream of its own. */
export async function tapBroker(): Promise<TappedBroker> {
  const url = process.env.TEST_AMQP_URL ?? '';
  const name = `test.${randomBytes(6).toString('hex')}`;
  const names = { exchange: name, queue: `${name}.all` };
  const connection = await connect(url);
  const channel = await connection.createChannel();
  return {
    url: new URL(url),
    names,
    channel,
    async readStream(different) {
      const reader = await connection.createChannel();
      const messages: ConsumeMessage[] = [];
      const ids = new Set<unknown>();
      const started = performance.now();
      let last = started;
      await reader.prefetch(500);
      const onMessage = (message: ConsumeMessage | null) => {
        if (!message) return;
        messages.push(message);
        ids.add(message.properties.messageId);
        last = performance.now();
        reader.ack(message);
      };
      await reader.consume(names.queue, onMessage, { arguments: { 'x-stream-offset': 'first' } });
      const isWhole = () => ids.size >= different && performance.now() - last > quietMs;
      while (!isWhole() && performance.now() - started < patienceMs) await sleep(50);
      await reader.close();
      return messages;
    },
    async [Symbol.asyncDispose]() {
      await channel.deleteQueue(names.queue);
      await channel.deleteExchange(names.exchange);
      await connection.close();
    },
  };
}

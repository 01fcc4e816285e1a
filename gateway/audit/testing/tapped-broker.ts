import { randomBytes } from 'node:crypto';
import { type Channel, type ConsumeMessage, connect } from 'amqplib';

/** Why tests that need a broker are skipped; false where there is one. */
export const brokerMissing: string | false = process.env.TEST_AMQP_URL ? false : 'TEST_AMQP_URL is not set';

export interface TappedBroker {
  url: URL;
  names: { exchange: string; queue: string };
  channel: Channel;
  /** Everything that the stream holds, from its first message on. */
  readStream(): Promise<ConsumeMessage[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

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
    async readStream() {
      const reader = await connection.createChannel();
      const messages: ConsumeMessage[] = [];
      let last = performance.now();
      await reader.prefetch(500);
      const onMessage = (message: ConsumeMessage | null) => {
        if (!message) return;
        messages.push(message);
        last = performance.now();
        reader.ack(message);
      };
      await reader.consume(names.queue, onMessage, { arguments: { 'x-stream-offset': 'first' } });
      while (performance.now() - last < 500) await new Promise((resolve) => setTimeout(resolve, 50));
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

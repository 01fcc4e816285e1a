import { randomBytes } from 'node:crypto';
import { type ConfirmChannel, connect } from 'amqplib';
import type { AuditEvent } from '../../event/audit-event.ts';
import { deadQueueOf } from '../consumer-queue.ts';
import { textOf } from './test-log.ts';

/** Why tests that need a broker are skipped; false where there is one. */
export const brokerMissing: string | false = process.env.TEST_AMQP_URL ? false : 'TEST_AMQP_URL is not set';

export interface TestExchange extends AsyncDisposable {
  url: URL;
  exchange: string;
  queue: string;
  channel: ConfirmChannel;
  publish(...events: AuditEvent[]): Promise<void>;
  publishText(text: string, type?: string): Promise<void>;
  /** The reason and the text of each dead letter, all of which it takes away. */
  takeDead(): Promise<{ reason: string; text: string }[]>;
  waiting(): Promise<number>;
  /** Takes the first message and gives it back, so many times, as processes do that end. */
  giveBack(times: number): Promise<void>;
}

/** The test's broker with an exchange, and the name of a queue, of its own. */
export async function openTestExchange(): Promise<TestExchange> {
  const url = process.env.TEST_AMQP_URL ?? '';
  const exchange = `test.${randomBytes(6).toString('hex')}`;
  const queue = `${exchange}.team`;
  const connection = await connect(url);
  const channel = await connection.createConfirmChannel();
  await channel.assertExchange(exchange, 'topic', { durable: true });

  async function publishText(text: string, type = 'sallyport.login.succeeded'): Promise<void> {
    channel.publish(exchange, type, Buffer.from(text), { persistent: true, messageId: 'm1' });
    await channel.waitForConfirms();
  }

  return {
    url: new URL(url),
    exchange,
    queue,
    channel,
    publishText,
    async publish(...events) {
      for (const event of events) {
        channel.publish(exchange, event.type, Buffer.from(textOf(event)), { persistent: true, messageId: event.id });
      }
      await channel.waitForConfirms();
    },
    async takeDead() {
      const letters: { reason: string; text: string }[] = [];
      for (;;) {
        const message = await channel.get(deadQueueOf(queue), { noAck: true });
        if (!message) return letters;
        const reason = String(message.properties.headers?.['x-sallyport-reason']);
        letters.push({ reason, text: message.content.toString() });
      }
    },
    waiting: async () => (await channel.checkQueue(queue)).messageCount,
    async giveBack(times) {
      const channel = await connection.createChannel();
      await channel.prefetch(1);
      const done = Promise.withResolvers<void>();
      let left = times;
      const { consumerTag } = await channel.consume(queue, (message) => {
        left -= 1;
        // The last time by leaving with it.
        if (message && left > 0) channel.nack(message);
        else done.resolve();
      });
      await done.promise;
      await channel.cancel(consumerTag);
      await channel.close();
    },
    async [Symbol.asyncDispose]() {
      await channel.deleteQueue(queue);
      await channel.deleteQueue(deadQueueOf(queue));
      await channel.deleteExchange(exchange);
      await connection.close();
    },
  };
}

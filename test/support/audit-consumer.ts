// A consumer of another team as the plainest client would have it: a durable queue of its own, bound for all, read again
// whenever the broker is there. It remembers everything.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type ConsumeMessage, connect } from 'amqplib';

export const exchange = 'sallyport.audit';

type Event = {
  id: string;
  type: string;
  sequence: string;
  prevhash: string;
  hash: string;
  data: { personal: unknown };
};

export type SeenMessage = { body: string; event: Event; properties: ConsumeMessage['properties']; key: string };

export function startAuditConsumer(url: string) {
  const queue = 'another-team';
  const messages: SeenMessage[] = [];
  const closing = new AbortController();
  let connected = false;

  async function read(): Promise<void> {
    const socket = { timeout: 2_000, signal: closing.signal };
    const opened = await connect(url, socket);
    const ended = new Promise<void>((resolve) => opened.once('close', () => resolve()).on('error', () => resolve()));
    const channel = await opened.createChannel();
    channel.on('error', () => undefined);
    await channel.assertExchange(exchange, 'topic', { durable: true });
    await channel.assertQueue(queue, { durable: true });
    await channel.bindQueue(queue, exchange, '#');
    await channel.consume(queue, (message) => {
      if (!message) return;
      const body = message.content.toString();
      messages.push({ body, event: JSON.parse(body), properties: message.properties, key: message.fields.routingKey });
      channel.ack(message);
    });
    connected = true;
    await ended;
  }

  const running = (async () => {
    while (!closing.signal.aborted) {
      await read().catch(() => undefined);
      connected = false;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  })();
  return {
    messages,
    connected: () => connected,
    async close() {
      closing.abort();
      await running;
    },
  };
}

/**
 * Asserts that a consumer has exactly these bodies, first arrivals in order and chained, each as it was published, and
 * more than once only under the same id. Returns how many came again.
 */
export function assertReceived(messages: readonly SeenMessage[], bodies: readonly string[]): number {
  const seen = new Map<string, string>();
  for (const { body, event, properties, key } of messages) {
    assert.equal(properties.messageId, event.id);
    assert.equal(properties.contentType, 'application/cloudevents+json');
    assert.equal(properties.deliveryMode, 2);
    assert.equal(key, event.type);
    assert.equal(seen.get(event.id) ?? body, body, 'an id with other bytes');
    seen.set(event.id, body);
  }
  assert.equal(seen.size, bodies.length);
  assert.deepEqual([...seen.values()], bodies);
  assertChained([...seen.values()].map((body) => JSON.parse(body)));
  return messages.length - seen.size;
}

function assertChained(events: Event[]): void {
  let prevhash = '0'.repeat(64);
  for (const [at, event] of events.entries()) {
    assert.equal(event.sequence, String(at + 1));
    assert.equal(event.prevhash, prevhash);
    const { hash, data, ...rest } = event;
    const { personal: _, ...lasting } = data;
    assert.equal(
      createHash('sha256')
        .update(sortedJson({ ...rest, data: lasting }))
        .digest('hex'),
      hash,
    );
    prevhash = hash;
  }
}

/** RFC 8785 for ASCII keys and whole numbers. */
function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${sortedJson(entry)}`).join(',')}}`;
}

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import { percentile } from '../report/percentile.ts';

const people = 10;
const password = 'a bench of two doors';

/** From an event's time to its arrival at a consumer, in milliseconds, while sessions are refreshed at a steady pace. */
export async function measureDelivery(options: {
  url: string;
  amqpUrl: string;
  perSecond: number;
  seconds: number;
}): Promise<{ perSecond: number; p50: number; p99: number }> {
  const { url, perSecond, seconds } = options;
  const connection = await connect(options.amqpUrl);
  const late: number[] = [];
  try {
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, 'sallyport.audit', 'sallyport.session.refreshed');
    const onMessage = (message: { content: Buffer } | null) => {
      if (message) late.push(Date.now() - Date.parse(JSON.parse(message.content.toString()).time));
    };
    await channel.consume(queue, onMessage, { noAck: true });
    const tokens = await Promise.all(Array.from({ length: people }, () => signUp(url)));
    await refreshAtPace(url, tokens, perSecond, 1);
    late.length = 0;
    const started = performance.now();
    const sent = await refreshAtPace(url, tokens, perSecond, seconds);
    const elapsed = (performance.now() - started) / 1_000;
    while (late.length < sent && performance.now() - started < (seconds + 10) * 1_000) await sleep(50);
    if (late.length < sent) throw new Error(`${sent - late.length} of ${sent} events did not arrive`);
    return { perSecond: sent / elapsed, p50: percentile(late, 0.5), p99: percentile(late, 0.99) };
  } finally {
    await connection.close();
  }
}

async function post(url: string, path: string, body: object): Promise<{ refresh_token: string }> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return (await answer.json()) as { refresh_token: string };
}

async function signUp(url: string): Promise<string> {
  return (await post(url, '/signup', { username: `bench-${randomUUID()}`, password })).refresh_token;
}

/** Each person refreshes when it is his turn; who is late catches up. Returns how many there were. */
async function refreshAtPace(url: string, tokens: string[], perSecond: number, seconds: number): Promise<number> {
  const each = Math.round((perSecond * seconds) / tokens.length);
  const everyMs = (seconds * 1_000) / each;
  const started = performance.now();
  const run = tokens.map(async (_, at) => {
    for (let turn = 0; turn < each; turn += 1) {
      const due = started + (turn + at / tokens.length) * everyMs;
      const early = due - performance.now();
      if (early > 1) await sleep(early);
      tokens[at] = (await post(url, '/token/refresh', { refresh_token: tokens[at] })).refresh_token;
    }
  });
  await Promise.all(run);
  return each * tokens.length;
}

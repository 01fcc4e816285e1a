// Writes audit events as OCSF 1.8, a JSON line each, to stdout: see README.md.
import { consumeAudit, createLogin, createMemoryStore } from '@sallyport/audit';
import { mapToOcsf } from './map-to-ocsf.ts';

const { AMQP_URL, SALLYPORT_URL, SALLYPORT_USERNAME, SALLYPORT_PASSWORD, SALLYPORT_SECRET } = process.env;
if (!AMQP_URL) throw new Error('AMQP_URL is wanted');

const login =
  SALLYPORT_URL && SALLYPORT_USERNAME && SALLYPORT_PASSWORD && SALLYPORT_SECRET
    ? { url: SALLYPORT_URL, username: SALLYPORT_USERNAME, password: SALLYPORT_PASSWORD, secret: SALLYPORT_SECRET }
    : undefined;

const consumer = consumeAudit({
  amqp: AMQP_URL,
  ...(login && { http: { url: login.url, token: createLogin(login) } }),
  queue: process.env.QUEUE ?? 'siem-ocsf',
  // What this process has written is known by metadata.uid: a line may come again after a restart.
  store: createMemoryStore(),
  onEvent: (event) => {
    const line = mapToOcsf(event);
    if (line) process.stdout.write(`${JSON.stringify(line)}\n`);
  },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => consumer.close());
await consumer.done;

// Writes a timeline of security events into a PostgreSQL of its own, and raises alerts: see README.md.
import { consumeAudit, createLogin, createPostgresStore } from '@sallyport/audit';
import pg from 'pg';
import { followTimeline, prepareTimeline } from './timeline.ts';

const { AMQP_URL, DATABASE_URL, SALLYPORT_URL, SALLYPORT_USERNAME, SALLYPORT_PASSWORD, SALLYPORT_SECRET } = process.env;
if (!AMQP_URL || !DATABASE_URL) throw new Error('AMQP_URL and DATABASE_URL are wanted');

const pool = new pg.Pool({ connectionString: DATABASE_URL });
await prepareTimeline(pool);

const login =
  SALLYPORT_URL && SALLYPORT_USERNAME && SALLYPORT_PASSWORD && SALLYPORT_SECRET
    ? { url: SALLYPORT_URL, username: SALLYPORT_USERNAME, password: SALLYPORT_PASSWORD, secret: SALLYPORT_SECRET }
    : undefined;

const consumer = consumeAudit({
  amqp: AMQP_URL,
  ...(login && { http: { url: login.url, token: createLogin(login) } }),
  queue: process.env.QUEUE ?? 'security-timeline',
  store: createPostgresStore(pool),
  onEvent: followTimeline({ alert: (alert) => process.stderr.write(`${JSON.stringify({ alert })}\n`) }),
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => consumer.close());
await consumer.done;
await pool.end();

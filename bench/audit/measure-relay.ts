import { openDb } from '@sallyport/postgres';
import { recordEvents } from '../../gateway/audit/store/outbox.ts';
import { testEvents } from '../../gateway/audit/testing/events.ts';
import type { RabbitmqServer } from '../../test/support/servers/rabbitmq.ts';
import { until } from '../../test/support/until.ts';

const patience = { ms: 120_000, everyMs: 20 };

/** Events a second that the relay gets confirmed, once a broker that was away is back and so many wait. */
export async function measureRelay(options: {
  databaseUrl: string;
  broker: Pick<RabbitmqServer, 'stop' | 'start'>;
  events: number;
}): Promise<number> {
  const { broker, events } = options;
  const db = openDb({ url: options.databaseUrl, name: 'bench', max: 1 });
  try {
    const relayed = async () =>
      (await db.query<{ sequence: number }>("select sequence from gateway.cursor where name = 'relay'"))[0]?.sequence ??
      0;
    await broker.stop();
    for (let left = events; left > 0; left -= 500) await recordEvents(db, { collected: [], own: testEvents(500) });
    await until(
      'all is numbered',
      async () => (await db.query('select from gateway.outbox limit 1')).length === 0,
      patience,
    );
    const [head] = await db.query<{ sequence: number }>('select sequence from gateway.audit_head');
    const before = await relayed();
    await broker.start();
    const first = await until(
      'the relay begins',
      async () => {
        const sequence = await relayed();
        return sequence > before && { sequence, at: performance.now() };
      },
      patience,
    );
    await until('the relay ends', async () => (await relayed()) >= (head?.sequence ?? 0), patience);
    return ((head?.sequence ?? 0) - first.sequence) / ((performance.now() - first.at) / 1_000);
  } finally {
    await db.close();
  }
}

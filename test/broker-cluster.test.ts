// Promise 4 over a RabbitMQ of three nodes, of which each is killed in turn: the relay goes on with another one, and a
// stream of the cluster has every event, in order. It takes minutes: in `npm run test:chaos` alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from 'amqplib';
import { exchange } from './support/audit-consumer.ts';
import { type Owner, provePassword, signUpOwner } from './support/process-people.ts';
import { startProcessStack } from './support/process-stack.ts';
import { findServers } from './support/servers/find-servers.ts';
import { startRabbitmq } from './support/servers/rabbitmq.ts';
import { until } from './support/until.ts';

const skip =
  process.env.TEST_BACKEND === 'embedded'
    ? 'the embedded default has no broker'
    : process.env.SALLYPORT_CHAOS !== '1'
      ? 'takes minutes: npm run test:chaos'
      : (findServers().rabbitmq.missing ?? false);

test('each node of a cluster is killed in turn, and no event is lost', { skip, timeout: 600_000 }, async () => {
  await using first = await startRabbitmq();
  await using second = await startRabbitmq({ join: first });
  await using third = await startRabbitmq({ join: first });
  const nodes = [first, second, third];
  const env = { AMQP_URL: nodes.map(({ url }) => url).join(',') };
  await using stack = await startProcessStack({ env, gateways: 2 });
  const ada = await signUpOwner(stack.api);
  const relayed = async () => {
    const [row] = await stack.sql<{ sequence: number }>(`select sequence from gateway.cursor where name = 'relay'`);
    return row?.sequence ?? 0;
  };

  for (const node of nodes) {
    await goesOn(ada);
    await node.kill();
    await goesOn(ada);
    await node.start();
    await until('it is a member again', async () => (await node.control('cluster_status')).includes(node.node), {
      ms: 60_000,
      everyMs: 500,
    });
  }

  await until('all is numbered', async () => (await stack.sql('select from gateway.outbox')).length === 0);
  const log = await stack.sql<{ sequence: number; id: string }>(
    'select sequence, id from gateway.audit_event order by sequence',
  );
  const last = log.at(-1);
  await until('all is published', async () => (await relayed()) >= (last?.sequence ?? 0), { ms: 60_000 });
  const arrived = await readStream(second.url, last?.id ?? '');
  assert.deepEqual(
    [...new Set(arrived)].filter((id) => log.some((row) => row.id === id)),
    log.map((row) => row.id),
  );
  console.log(`# ${log.length} events, ${arrived.length - new Set(arrived).size} twice`);

  async function goesOn(owner: Owner): Promise<void> {
    const before = await relayed();
    for (let count = 0; count < 10; count += 1) await provePassword(stack.api, owner);
    await until('the relay goes on', async () => (await relayed()) >= before + 10, { ms: 60_000, everyMs: 100 });
  }
});

/** The ids in the stream, from its first one on until this one. */
async function readStream(url: string, lastId: string): Promise<string[]> {
  const connection = await connect(url);
  try {
    const channel = await connection.createChannel();
    const ids: string[] = [];
    await channel.prefetch(500);
    await channel.consume(
      `${exchange}.all`,
      (message) => {
        if (!message) return;
        ids.push(String(message.properties.messageId));
        channel.ack(message);
      },
      { arguments: { 'x-stream-offset': 'first' } },
    );
    await until('the last one is there', () => ids.includes(lastId));
    return ids;
  } finally {
    await connection.close();
  }
}

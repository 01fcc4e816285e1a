import { connect } from 'amqplib';

const window = 256;
/** As large as an event of a login. */
const body = Buffer.alloc(1_100, 'x');

/** Persistent messages a second to a stream with confirms, a window of them unconfirmed: what the relay is held against. */
export async function publishBare(url: string, count: number): Promise<number> {
  const connection = await connect(url);
  try {
    const channel = await connection.createConfirmChannel();
    await channel.assertExchange('bench', 'topic', { durable: true });
    await channel.assertQueue('bench', { durable: true, arguments: { 'x-queue-type': 'stream' } });
    await channel.bindQueue('bench', 'bench', '#');
    const started = performance.now();
    await publishAll(count, (onConfirm) =>
      channel.publish('bench', 'bench.event', body, { persistent: true, mandatory: true }, onConfirm),
    );
    const seconds = (performance.now() - started) / 1_000;
    await channel.deleteQueue('bench');
    await channel.deleteExchange('bench');
    return count / seconds;
  } finally {
    await connection.close();
  }
}

function publishAll(count: number, publish: (onConfirm: (error: unknown) => void) => void): Promise<void> {
  const all = Promise.withResolvers<void>();
  let [sent, confirmed] = [0, 0];
  const fill = () => {
    while (sent < count && sent - confirmed < window) {
      sent += 1;
      publish((error) => {
        if (error) all.reject(error);
        confirmed += 1;
        if (confirmed === count) all.resolve();
        else if (sent - confirmed <= window / 2) fill();
      });
    }
  };
  fill();
  return all.promise;
}

import { connect } from 'amqplib';

/** Removes a stack's exchange and stream. */
export async function forgetExchange(url: string, names: { exchange: string; queue: string }): Promise<void> {
  const connection = await connect(url);
  try {
    const channel = await connection.createChannel();
    await channel.deleteQueue(names.queue);
    await channel.deleteExchange(names.exchange);
  } finally {
    await connection.close();
  }
}

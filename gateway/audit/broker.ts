// One connection to RabbitMQ and one confirm channel, for one go of the relay. Whatever goes wrong on it (a return, a
// nack, a close, an error, or a broker that blocks publishers) is a fault that ends the go: nothing is repaired here.
// A broker that hangs answers no close either, so the socket is cut by a signal; that ends a handshake as well.
import { connect } from 'amqplib';
import { settleWithin } from './settle-within.ts';

export interface BrokerNames {
  exchange: string;
  /** A stream, which keeps what it is given whether or not someone reads it. */
  queue: string;
}

export interface Broker {
  /** Publishes one event; `onConfirm` is called when the broker has it. */
  publish(event: { id: string; type: string; body: string }, onConfirm: () => void): void;
  /** Closes within half a second, politely if the broker answers. */
  close(): Promise<void>;
}

const openMs = 5_000;
const closeMs = 500;
const heartbeatSeconds = 5;

/** Connects and declares the exchange and, bound to it, the stream that keeps everything for 30 days. */
export async function openBroker(options: {
  url: string;
  names: BrokerNames;
  signal: AbortSignal;
  onFault: (error: Error) => void;
}): Promise<Broker> {
  const { names, onFault } = options;
  const cut = new AbortController();
  const late = setTimeout(() => cut.abort(new Error('the broker did not answer in time')), openMs);
  const socket = {
    timeout: openMs,
    noDelay: true,
    keepAlive: true,
    signal: AbortSignal.any([options.signal, cut.signal]),
    clientProperties: { connection_name: 'sallyport audit relay' },
  };
  try {
    const connection = await connect(withHeartbeat(options.url), socket);
    connection.on('error', onFault);
    connection.on('close', () => onFault(new Error('the connection was closed')));
    connection.on('blocked', (reason: string) => onFault(new Error(`the broker blocks publishers: ${reason}`)));
    const channel = await connection.createConfirmChannel();
    channel.on('error', onFault);
    channel.on('close', () => onFault(new Error('the channel was closed')));
    channel.on('return', (message) => onFault(new Error(`event ${message.properties.messageId} was not routed`)));
    await channel.assertExchange(names.exchange, 'topic', { durable: true });
    await channel.assertQueue(names.queue, {
      durable: true,
      arguments: { 'x-queue-type': 'stream', 'x-max-age': '30D' },
    });
    await channel.bindQueue(names.queue, names.exchange, '#');
    return {
      publish({ id, type, body }, onConfirm) {
        const properties = {
          persistent: true,
          mandatory: true,
          contentType: 'application/cloudevents+json',
          messageId: id,
        };
        channel.publish(names.exchange, type, Buffer.from(body), properties, (error: Error | null) =>
          error ? onFault(error) : onConfirm(),
        );
      },
      async close() {
        await settleWithin(connection.close(), closeMs);
        cut.abort(new Error('closed'));
      },
    };
  } catch (error) {
    cut.abort(error);
    throw error;
  } finally {
    clearTimeout(late);
  }
}

function withHeartbeat(text: string): string {
  const url = new URL(text);
  if (!url.searchParams.has('heartbeat')) url.searchParams.set('heartbeat', String(heartbeatSeconds));
  return url.href;
}

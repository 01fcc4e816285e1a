import { beginSpan } from '@sallyport/tracing';
import type { Cluster, Command, Redis } from 'ioredis';

const commandMs = 200;
const traceAttributes = { 'db.system.name': 'redis' };

type Send = (command: Command, ...rest: unknown[]) => unknown;

/**
 * Gives every command its deadline, over all nodes of a cluster that it is sent on to. Unlike ioredis's own, it begins
 * when the turn of the event loop ends and the command leaves (`writeTogether`), and one that passed while this process
 * was busy first lets the answers in that have arrived meanwhile: a late event loop must not look like a silent Redis.
 */
export function withDeadline(client: Redis | Cluster, measure?: (seconds: number) => void): Redis | Cluster {
  const send = client.sendCommand.bind(client) as Send;
  const sendInTime: Send = (command, ...rest) => {
    const giveUp = () => {
      command.reject(new Error('Command timed out'));
      // A node that says later that another one has its slot would have it sent there, with nobody waiting.
      command.reject = () => {};
    };
    let timer: NodeJS.Timeout | undefined;
    const leaving = setImmediate(() => {
      timer = setTimeout(() => setImmediate(giveUp), commandMs);
    });
    // Its name alone: keys and arguments are of people.
    const span = beginSpan('client', command.name.toUpperCase(), traceAttributes);
    const started = performance.now();
    const settled = (error?: unknown) => {
      clearImmediate(leaving);
      clearTimeout(timer);
      span?.end(error);
      measure?.((performance.now() - started) / 1_000);
    };
    command.promise.then(() => settled(), settled);
    return send(command, ...rest);
  };
  client.sendCommand = sendInTime as typeof client.sendCommand;
  return client;
}

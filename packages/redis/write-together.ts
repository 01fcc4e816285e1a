import { Cluster, type Command, type Redis } from 'ioredis';
import type { RedisClient } from './open-redis.ts';

type Send = (command: Command, ...rest: unknown[]) => unknown;

/**
 * Has the commands of one turn of the event loop leave by one write for each connection: it wakes Redis once, and this
 * process once for the answers. Each is still a command of its own, with its own answer and its own fault. How a
 * connection is made is left alone.
 */
export function writeTogether<Client extends RedisClient>(client: Client): Client {
  if (client instanceof Cluster) client.on('+node', holdWrites);
  else holdWrites(client);
  return client;
}

function holdWrites(node: Redis): void {
  const send = node.sendCommand.bind(node) as Send;
  let holds = false;
  const sendHeld: Send = (command, ...rest) => {
    const { stream } = node;
    if (!holds && node.status === 'ready') {
      holds = true;
      stream.cork();
      setImmediate(() => {
        holds = false;
        stream.uncork();
      });
    }
    return send(command, ...rest);
  };
  node.sendCommand = sendHeld as Redis['sendCommand'];
}

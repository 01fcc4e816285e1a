/** The nodes of a broker: URLs with commas between them. A comma elsewhere, as in a password, parts nothing. */
export function splitBrokers(amqp: string): string[] {
  return amqp.trim().split(/\s*,\s*(?=amqps?:\/\/)/);
}

/** Gives one after another for ever, from a random one on: a node that is away costs one connection at most. */
export function takeTurns<Item>(items: readonly Item[], random: number = Math.random()): () => Item {
  let at = Math.floor(random * items.length);
  return () => {
    const item = items[at % items.length];
    if (item === undefined) throw new Error('there is nothing to take in turn');
    at = (at + 1) % items.length;
    return item;
  };
}

import type { ReadTrips } from './counting-proxy.ts';

/** What a client says when it connects, and what readiness asks. */
const greetings = new Set(['auth', 'client', 'config', 'hello', 'info', 'ping', 'select']);

/** Commands of one connection, in RESP; those that were written together are one trip, and a script is one command. */
export function createRedisReader(): ReadTrips {
  let rest = '';
  return (chunk) => {
    rest += chunk.toString('latin1');
    const commands: string[] = [];
    for (let read = readCommand(rest); read !== undefined; read = readCommand(rest)) {
      commands.push(read.words.slice(0, 2).join(' '));
      rest = rest.slice(read.length);
    }
    const counted = commands.filter((command) => !greetings.has(command.split(' ', 1)[0]?.toLowerCase() ?? ''));
    return counted.length === 0 ? [] : [counted.join(' + ')];
  };
}

function readCommand(text: string): { words: string[]; length: number } | undefined {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (!head) return undefined;
  let at = head[0].length;
  const words: string[] = [];
  for (let left = Number(head[1]); left > 0; left -= 1) {
    const length = /^\$(\d+)\r\n/.exec(text.slice(at, at + 20));
    if (!length) return undefined;
    const start = at + length[0].length;
    at = start + Number(length[1]) + 2;
    if (text.length < at) return undefined;
    words.push(text.slice(start, at - 2));
  }
  return { words, length: at };
}

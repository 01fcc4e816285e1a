import type { ReadTrips } from './counting-proxy.ts';

const requestLine = /^([A-Z]+) (\S+) HTTP\/1\.1\r\n/;

/** Requests of one connection without pipelining, whose bodies are JSON: no body begins like a request. */
export function createHttpReader(): ReadTrips {
  return (chunk) => {
    const line = requestLine.exec(chunk.toString('latin1', 0, 2_048));
    return line ? [`${line[1]} ${line[2]}`] : [];
  };
}

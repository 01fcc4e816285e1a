import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { problemDetails } from './answer.ts';
import { nodeHttp } from './node-http.ts';
import { commonProblems } from './problem.ts';

const problems: Record<string, (typeof commonProblems)[keyof typeof commonProblems]> = {
  HPE_HEADER_OVERFLOW: commonProblems['headers-too-large'],
  ERR_HTTP_REQUEST_TIMEOUT: commonProblems['request-timeout'],
};

/**
 * Answers what is no HTTP, or too slow or too large in its headers (a server's `clientError`), and ends the connection.
 * It never reaches the app; it gets a problem with an id all the same.
 */
export function refuseGarbage(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable) return void socket.destroy();
  const problem = problems[error.code ?? ''] ?? commonProblems['malformed-request'];
  const requestId = randomUUID();
  const body = problemDetails(problem, { detail: `${problem.title}.`, requestId });
  const head = [
    `HTTP/1.1 ${problem.status} ${nodeHttp.STATUS_CODES[problem.status]}`,
    `X-Request-Id: ${requestId}`,
    `Date: ${new Date().toUTCString()}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

import { Pool } from 'undici';
import { exchange } from '../../packages/http/exchange.ts';

export interface Answered {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: read by those who know the call
  body: any;
  retryAfterSeconds: number;
  /** `name=value` of each cookie that was set. */
  cookies: string[];
}

interface CallOptions {
  body?: object;
  /** Goes as Bearer. */
  token?: string;
  headers?: Record<string, string>;
}

export interface HttpApi {
  call(method: 'GET' | 'POST' | 'PUT', path: string, options?: CallOptions): Promise<Answered>;
}

/** What a call may take; more is a hang. */
const patienceMs = 60_000;

/**
 * Calls over kept-alive connections, by the cheapest way there is: what this costs is taken from the cores of what is
 * measured. An empty answer, and one that is no JSON, has the body undefined.
 */
export function openHttpApi(url: string): HttpApi {
  const pool = new Pool(url, { connections: 256, pipelining: 1 });
  return {
    async call(method, path, { body, token, headers } = {}) {
      const request = {
        method,
        path,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
        body: body === undefined ? null : JSON.stringify(body),
      };
      const answer = await exchange(pool, request, patienceMs);
      const isJson = /[/+]json\b/.test(String(answer.headers['content-type'] ?? ''));
      return {
        status: answer.status,
        body: isJson && answer.bytes.length > 0 ? JSON.parse(answer.bytes.toString()) : undefined,
        retryAfterSeconds: Number(answer.headers['retry-after'] ?? 1),
        cookies: [answer.headers['set-cookie'] ?? []].flat().map((cookie) => cookie.split(';', 1)[0] ?? ''),
      };
    },
  };
}

export function expectStatus(status: number, answer: Answered): Answered {
  if (answer.status === status) return answer;
  throw new Error(`${answer.status} instead of ${status}: ${JSON.stringify(answer.body)}`);
}

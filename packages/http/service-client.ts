import { type RequestContext, Unavailable } from '@sallyport/contracts';
import { Pool } from 'undici';
import type { z } from 'zod';
import { exchange } from './exchange.ts';
import { signServiceToken } from './service-token.ts';

/** Calls to one service over kept-alive connections. Nothing is ever sent twice. */
export interface ServiceClient {
  /**
   * @param options.answer the strict schema of the answer; anything else is no answer
   * @throws Unavailable when the service is away, slow, overloaded or answers anything else
   */
  call<Schema extends z.ZodType>(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    options: { answer: Schema; context: RequestContext; body?: object; deadlineMs?: number },
  ): Promise<z.output<Schema>>;
  /** A token for a call that is passed through for an account. */
  token(context: RequestContext, subject?: string): string;
  /** Asks the service nothing but whether it listens. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export function createServiceClient(options: {
  service: 'users' | 'otp';
  url: string;
  secrets: readonly string[];
  now: () => number;
  deadlineMs: number;
}): ServiceClient {
  const { service, secrets, now } = options;
  const pool = new Pool(new URL(options.url).origin, { connections: 64, pipelining: 1, connect: { timeout: 1_000 } });
  const token = (context: RequestContext, subject?: string) =>
    signServiceToken(service, secrets, now, { context, subject });

  async function send(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    headers: object,
    body?: object,
    deadlineMs?: number,
  ) {
    const request = { method, path, headers: { ...headers }, body: body ? JSON.stringify(body) : null };
    return exchange(pool, request, deadlineMs ?? options.deadlineMs).catch((cause: unknown) => {
      throw new Unavailable(service, { cause });
    });
  }

  return {
    async call(method, path, { answer, context, body, deadlineMs }) {
      const headers = {
        authorization: `Bearer ${token(context)}`,
        'x-request-id': context.request_id,
        ...(body ? { 'content-type': 'application/json' } : {}),
      };
      const got = await send(method, path, headers, body, deadlineMs);
      if (got.status === 503) {
        const overloaded = got.text.includes('urn:sallyport:problem:overloaded');
        const retryAfterSeconds = Number(got.headers['retry-after'] ?? 1);
        throw new Unavailable(service, { overloaded, retryAfterSeconds });
      }
      const parsed = got.status === 200 ? answer.safeParse(parse(got.text)) : undefined;
      if (!parsed?.success) throw new Unavailable(service, { cause: new Error(`unusable answer (${got.status})`) });
      return parsed.data;
    },
    token,
    async ping() {
      await send('GET', '/', {}, undefined, 1_000);
    },
    close: () => pool.destroy(),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

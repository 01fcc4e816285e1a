import { type RequestContext, Unavailable } from '@sallyport/contracts';
import { Pool } from 'undici';
import { z } from 'zod';
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
  /** Asks the service nothing but whether it listens and takes our token. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

const usualMs = 3_000;

/** Calls that wait for one of the connections. */
const mostQueued = 1_024;

/** Far more than a page of events or flags. */
const mostBytes = 16 * 1024 * 1024;

export function createServiceClient(options: {
  service: 'users' | 'otp';
  url: string;
  secrets: readonly string[];
  now: () => number;
}): ServiceClient {
  const { service, secrets, now } = options;
  const pool = new Pool(new URL(options.url).origin, {
    connections: 64,
    pipelining: 1,
    connect: { timeout: 1_000 },
    maxResponseSize: mostBytes,
  });
  const token = (context: RequestContext, subject?: string) =>
    signServiceToken(service, secrets, now, { context, subject });

  const call: ServiceClient['call'] = async (method, path, { answer, context, body, deadlineMs = usualMs }) => {
    if (pool.stats.queued >= mostQueued) throw new Unavailable(service, { cause: new Error('too many calls wait') });
    const headers = {
      authorization: `Bearer ${token(context)}`,
      'x-request-id': context.request_id,
      ...(body ? { 'content-type': 'application/json' } : {}),
    };
    const request = { method, path, headers, body: body ? JSON.stringify(body) : null };
    const got = await exchange(pool, request, deadlineMs).catch((cause: unknown) => {
      throw new Unavailable(service, { cause });
    });
    if (got.status === 503) {
      const overloaded = got.text.includes('urn:sallyport:problem:overloaded');
      const retryAfterSeconds = Number(got.headers['retry-after'] ?? 1);
      throw new Unavailable(service, { overloaded, retryAfterSeconds });
    }
    const parsed = got.status === 200 ? answer.safeParse(parse(got.text)) : undefined;
    if (!parsed?.success) throw new Unavailable(service, { cause: new Error(`unusable answer (${got.status})`) });
    return parsed.data;
  };

  return {
    call,
    token,
    async ping() {
      await call('GET', '/ping', { answer: z.object({}), context: nobody, deadlineMs: 1_000 });
    },
    close: () => pool.destroy(),
  };
}

const nobody: RequestContext = { request_id: 'ping', ip: null, user_agent: null, session_id: null };

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { type RequestContext, Unavailable } from '@sallyport/contracts';
import { traced } from '@sallyport/tracing';
import { z } from 'zod';
import type { CallMetrics } from './call-metrics.ts';
import { openEndpoints, type Resolve } from './endpoints.ts';
import type { Answered } from './exchange.ts';
import { mostConnections, sendOnce } from './send-once.ts';
import { signServiceToken } from './service-token.ts';

interface CallOptions<Schema extends z.ZodType> {
  answer: Schema;
  context: RequestContext;
  body?: object;
  deadlineMs?: number;
}

interface FetchOptions {
  context: RequestContext;
  /** Whose it is. */
  subject: string;
  /** The media type wanted. */
  type: string;
  /** The code of the problem that says that there is nothing. */
  none: string;
}

interface Request {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  context: RequestContext;
  subject?: string;
  headers?: Record<string, string>;
  body?: object | undefined;
  deadlineMs?: number | undefined;
}

/**
 * Calls to one service, shared among all its instances, over kept-alive connections. Nothing is ever sent twice: only a
 * call whose connection could not be made goes to another instance.
 */
export interface ServiceClient {
  /**
   * @param options.answer the strict schema of the answer; anything else is no answer
   * @throws Unavailable when the service is away, slow, overloaded or answers anything else
   */
  call<Schema extends z.ZodType>(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    options: CallOptions<Schema>,
  ): Promise<z.output<Schema>>;
  /**
   * Fetches what the service has for an account in a form that is no JSON; undefined where it answers with the problem
   * `none`.
   * @throws Unavailable as `call` does, and where the answer is neither that nor of the `type`
   */
  fetch(path: string, options: FetchOptions): Promise<Buffer | undefined>;
  /** Asks the service nothing but whether it listens and takes our token. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

const usualMs = 3_000;

/** Far more than a page of events or flags. */
const mostBytes = 16 * 1024 * 1024;

export function createServiceClient(options: {
  service: 'users' | 'otp';
  urls: readonly string[];
  secrets: readonly string[];
  now: () => number;
  metrics?: CallMetrics;
  /** What finds the addresses behind a name; that of the system by default. */
  resolve?: Resolve;
}): ServiceClient {
  const { service, secrets, now, metrics } = options;
  const pools = { connections: mostConnections, pipelining: 1, maxResponseSize: mostBytes };
  const endpoints = openEndpoints(options.urls, pools, options.resolve);

  metrics?.show(service, endpoints.use);

  /** @throws Unavailable when the service is away, slow or overloaded */
  async function ask(request: Request, traceparent: string | undefined): Promise<Answered> {
    const { method, path, context, subject, body, deadlineMs = usualMs } = request;
    const headers = {
      ...request.headers,
      authorization: `Bearer ${signServiceToken(service, secrets, now, { context, subject })}`,
      'x-request-id': context.request_id,
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...(traceparent ? { traceparent } : {}),
    };
    const sent = { method, path, headers, body: body ? JSON.stringify(body) : null };
    const got = await sendOnce(endpoints, sent, deadlineMs).catch((cause: unknown) => {
      throw new Unavailable(service, { cause });
    });
    if (got.status === 503) {
      const overloaded = got.bytes.includes('urn:sallyport:problem:overloaded');
      const retryAfterSeconds = Number(got.headers['retry-after'] ?? 1);
      throw new Unavailable(service, { overloaded, retryAfterSeconds });
    }
    return got;
  }

  /** Asks, traced and measured. `read` throws where the answer is none. */
  async function askFor<Result>(request: Request, read: (got: Answered) => Result): Promise<Result> {
    const started = performance.now();
    let outcome: Parameters<CallMetrics['ended']>[1] = 'failed';
    try {
      const name = `${request.method} ${routeOf(request.path)}`;
      const result = await traced('client', name, { 'peer.service': service }, async (span) =>
        read(await ask(request, span?.traceparent)),
      );
      outcome = 'answered';
      return result;
    } catch (error) {
      if (error instanceof Unavailable && error.overloaded) outcome = 'overloaded';
      throw error;
    } finally {
      metrics?.ended(service, outcome, (performance.now() - started) / 1_000);
    }
  }

  const unusable = ({ status }: Answered) =>
    new Unavailable(service, { cause: new Error(`unusable answer (${status})`) });

  const call: ServiceClient['call'] = (method, path, { answer, ...options }) =>
    askFor({ method, path, ...options }, (got) => {
      const parsed = got.status === 200 ? answer.safeParse(parse(got.bytes.toString())) : undefined;
      if (!parsed?.success) throw unusable(got);
      return parsed.data;
    });

  return {
    call,
    fetch: (path, { type, none, ...options }) =>
      askFor({ method: 'GET', path, headers: { accept: type }, ...options }, (got) => {
        if (got.status === 200 && got.headers['content-type'] === type) return got.bytes;
        if (got.status === 404 && got.bytes.includes(`"urn:sallyport:problem:${none}"`)) return undefined;
        throw unusable(got);
      }),
    async ping() {
      await call('GET', '/ping', { answer: z.object({}), context: nobody, deadlineMs: 1_000 });
    },
    close: () => endpoints.close(),
  };
}

const nobody: RequestContext = { request_id: 'ping', ip: null, user_agent: null, session_id: null };

const ids = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** A path without what it says of anybody. */
function routeOf(path: string): string {
  return path.replace(/\?.*$/, '').replaceAll(ids, ':id');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { Agent } from 'undici';
import { checkAnswer } from './openapi-check.ts';

/** An answer of the gateway, read whole; `body` is the parsed JSON, else the text. */
export interface Answered {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests read fields of many shapes, and the OpenAPI check has seen them
  body: any;
  text: string;
  bytes: Buffer;
}

export interface CallOptions {
  body?: unknown;
  /** Sent as the body as it is, with `type` as its media type. */
  raw?: string | Buffer;
  type?: string;
  token?: string;
  /** The address that the caller comes from, as a trusted proxy tells it. */
  from?: string;
  headers?: Record<string, string>;
}

export type Api = (method: string, path: string, options?: CallOptions) => Promise<Answered>;

type Dispatcher = NonNullable<RequestInit['dispatcher']>;

/**
 * Connections that end with the disposal: those that stay open hold up the end of the part they lead to.
 * @param most to each part; as many as it takes by default
 */
export function openConnections(most: number | null = null): AsyncDisposable & { dispatcher: Dispatcher } {
  const agent = new Agent({ connections: most });
  return { dispatcher: agent as unknown as Dispatcher, [Symbol.asyncDispose]: () => agent.close() };
}

/** Calls one gateway over HTTP and holds every answer to the OpenAPI document. */
export function createApi(url: string, connections?: { dispatcher: Dispatcher }): Api {
  return async (method, path, options = {}) => {
    const raw = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const response = await fetch(`${url}${path}`, {
      method,
      redirect: 'manual',
      ...(connections ? { dispatcher: connections.dispatcher } : {}),
      headers: {
        ...(raw === undefined ? {} : { 'content-type': options.type ?? 'application/json' }),
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...(options.from === undefined ? {} : { 'x-forwarded-for': options.from }),
        ...options.headers,
      },
      ...(raw === undefined ? {} : { body: raw }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const text = bytes.toString('utf8');
    const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '');
    const answered = {
      status: response.status,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : text,
      text,
      bytes,
    };
    checkAnswer(method, path, answered);
    return answered;
  };
}

import { Pool } from 'undici';

export interface Answered {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: read by those who know the call
  body: any;
  retryAfterSeconds: number;
}

export interface GatewayApi {
  call(method: 'GET' | 'POST' | 'PUT', path: string, body?: object, accessToken?: string): Promise<Answered>;
}

/** Calls over kept-alive connections; an empty answer has the body undefined. */
export function openGatewayApi(url: string): GatewayApi {
  const pool = new Pool(url, { connections: 256, pipelining: 1 });
  return {
    async call(method, path, body, accessToken) {
      const answer = await pool.request({
        method,
        path,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const text = await answer.body.text();
      return {
        status: answer.statusCode,
        body: text === '' ? undefined : JSON.parse(text),
        retryAfterSeconds: Number(answer.headers['retry-after'] ?? 1),
      };
    },
  };
}

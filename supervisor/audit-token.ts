// The access token of the operator's commands: AUDIT_TOKEN as it is; or AUDIT_REFRESH_TOKEN, traded in for a new one before
// each ends. A refresh token is good for once: the next one is held here, and ends with the command.
import { z } from 'zod';
import { askGateway } from './ask-gateway.ts';
import { StartError } from './start-error.ts';

/** Gives an access token; `refused` is one that the gateway took no longer. @throws StartError where there is no other */
export type TokenSource = (asked?: { refused?: string; signal?: AbortSignal | undefined }) => Promise<string>;

const renewSeconds = 60;
const answerSeconds = 30;

const Tokens = z.object({ access_token: z.string(), expires_in: z.number(), refresh_token: z.string() });

/** Where neither variable is set, or one can't be right, it throws at once, and shows neither. */
export function createTokenSource(url: string, env: NodeJS.ProcessEnv): TokenSource {
  const { AUDIT_TOKEN: token, AUDIT_REFRESH_TOKEN: refreshToken } = env;
  if (refreshToken) return refreshing(url, whole('AUDIT_REFRESH_TOKEN', refreshToken));
  if (!token) throw new StartError('Set AUDIT_TOKEN to an access token, or AUDIT_REFRESH_TOKEN: --help says more.');
  return fixed(whole('AUDIT_TOKEN', token));
}

function whole(name: string, token: string): string {
  if (!/^[\w.-]+$/.test(token)) throw new StartError(`${name} is no token: it holds other characters than one has.`);
  return token;
}

function fixed(token: string): TokenSource {
  return async ({ refused } = {}) => {
    if (refused === undefined) return token;
    throw new StartError('AUDIT_TOKEN is not taken: it has expired, or its session has ended, or it never was one.');
  };
}

function refreshing(url: string, first: string): TokenSource {
  let refreshToken = first;
  let held: { token: string; renewAtMs: number } | undefined;

  return async ({ refused, signal } = {}) => {
    if (held && held.token !== refused && performance.now() < held.renewAtMs) return held.token;
    const { status, text } = await askGateway(new URL('/token/refresh', url), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ refresh_token: refreshToken }),
      seconds: answerSeconds,
      signal,
    });
    if (status === 401) {
      throw new StartError('AUDIT_REFRESH_TOKEN is used up, or its session has ended: log in again for another one.');
    }
    const tokens = status === 200 ? readTokens(text) : undefined;
    if (!tokens) throw new StartError(`This is no Sallyport: a refresh was answered with ${status}.`);
    refreshToken = tokens.refresh_token;
    held = { token: tokens.access_token, renewAtMs: performance.now() + msUntilRenewal(tokens.expires_in) };
    return held.token;
  };
}

function readTokens(text: string) {
  try {
    return Tokens.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function msUntilRenewal(seconds: number): number {
  return Math.max(seconds - renewSeconds, seconds / 2) * 1_000;
}

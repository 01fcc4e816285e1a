// Keeps a robot logged in: password and code at first, the refresh token while the session lasts, and again password and
// code when that has ended. One call to the gateway at a time, whoever asks.
import { setTimeout as sleep } from 'node:timers/promises';
import { generateSync } from 'otplib';
import { z } from 'zod';

export interface LoginOptions {
  /** Where the gateway is. */
  url: string;
  username: string;
  password: string;
  /** The base32 secret that enrolment showed. */
  secret: string;
  /** Milliseconds since 1970. */
  now?: () => number;
}

const periodMs = 30_000;
const renewMs = 60_000;
const answerMs = 30_000;

const Tokens = z.object({
  access_token: z.string(),
  expires_in: z.number(),
  refresh_token: z.string(),
  device_token: z.string().nullish(),
});

interface Kept {
  accessToken: string;
  refreshToken: string;
  renewAtMs: number;
}

/** Returns what `http.token` of a consumer wants; logs in when it is first called. */
export function createLogin(options: LoginOptions): (refused?: string, signal?: AbortSignal) => Promise<string> {
  const { url, username, password, secret, now = Date.now } = options;
  let kept: Kept | undefined;
  let device: string | undefined;
  let running: Promise<string> | undefined;

  async function post(path: string, body: object, signal?: AbortSignal): Promise<{ status: number; body: unknown }> {
    const response = await fetch(new URL(path, url), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.any([AbortSignal.timeout(answerMs), ...(signal ? [signal] : [])]),
      redirect: 'error',
    });
    return { status: response.status, body: await response.json() };
  }

  function keep(body: unknown): string {
    const tokens = Tokens.parse(body);
    device = tokens.device_token ?? device;
    kept = {
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token,
      renewAtMs: now() + Math.max(tokens.expires_in * 1_000 - renewMs, (tokens.expires_in * 1_000) / 2),
    };
    return kept.accessToken;
  }

  async function refresh(refreshToken: string, signal?: AbortSignal): Promise<string | undefined> {
    const answer = await post('/token/refresh', { refresh_token: refreshToken }, signal);
    if (answer.status === 200) return keep(answer.body);
    if (answer.status === 401) return undefined;
    throw new Error(`the session can't be refreshed: ${problemOf(answer)}`);
  }

  async function logIn(signal?: AbortSignal): Promise<string> {
    for (let tries = 1; ; tries += 1) {
      const otp = generateSync({ secret, epoch: Math.floor(now() / 1_000) });
      const known = device === undefined ? {} : { device_token: device };
      const answer = await post('/login', { username, password, otp, ...known }, signal);
      if (answer.status === 200) return keep(answer.body);
      const problem = problemOf(answer);
      if (!problem.endsWith('invalid-otp') || tries === 2) throw new Error(`the login was refused: ${problem}`);
      // The code was right, but somebody has used it: a code is good for once.
      await sleep(periodMs - (now() % periodMs), undefined, signal ? { signal } : {});
    }
  }

  async function renew(signal?: AbortSignal): Promise<string> {
    const refreshToken = kept?.refreshToken;
    kept = undefined;
    return (refreshToken && (await refresh(refreshToken, signal))) || logIn(signal);
  }

  return async (refused, signal) => {
    if (running) return running;
    if (kept && kept.accessToken !== refused && now() < kept.renewAtMs) return kept.accessToken;
    running = renew(signal).finally(() => {
      running = undefined;
    });
    return running;
  };
}

function problemOf({ status, body }: { status: number; body: unknown }): string {
  const { code } = (body ?? {}) as { code?: unknown };
  return `${status} ${typeof code === 'string' ? code : ''}`.trim();
}

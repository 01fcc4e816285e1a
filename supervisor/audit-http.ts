// The audit log over HTTP, as the operator's commands read it: the texts as they came, or one sentence on what is wrong.
import { type Answer, askGateway } from './ask-gateway.ts';
import type { TokenSource } from './audit-token.ts';
import { StartError } from './start-error.ts';

export interface LogQuery {
  after: number;
  /** 1 to 1000; the gateway's default is 100. */
  limit?: number | undefined;
  types?: readonly string[] | undefined;
  subject?: string | undefined;
  /** Whole seconds, 30 at most. */
  wait?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** Events in order; `last` is the next `after`. */
export interface LogPage {
  texts: string[];
  last: number;
}

export interface LogReader {
  /** @throws GatewayAway where it may be worth another try, else StartError */
  read(query: LogQuery): Promise<LogPage>;
}

const patienceSeconds = 30;

const refusals = new Map<unknown, string>([
  ['unauthenticated', 'The access token is not taken: it has expired, or its session has ended.'],
  ['forbidden', 'This account may not read the audit log: it needs the role audit or admin, and a second factor.'],
  ['enrolment-required', 'Who reads the audit log needs a second factor: enrol one, and log in with it.'],
  ['address-blocked', 'The gateway takes no calls from this address: it is blocked.'],
]);

export function createLogReader({ url, token }: { url: string; token: TokenSource }): LogReader {
  const ask = (query: LogQuery, bearer: string) =>
    askGateway(addressOf(url, query), {
      headers: { Accept: 'application/x-ndjson', Authorization: `Bearer ${bearer}` },
      seconds: (query.wait ?? 0) + patienceSeconds,
      signal: query.signal,
    });

  return {
    async read(query) {
      const bearer = await token({ signal: query.signal });
      const answer = await ask(query, bearer);
      if (answer.status !== 401) return pageOf(answer);
      return pageOf(await ask(query, await token({ refused: bearer, signal: query.signal })));
    },
  };
}

function addressOf(url: string, { after, limit, types, subject, wait }: LogQuery): URL {
  const address = new URL('/audit/events', url);
  const given = { after, limit, type: types?.join(','), subject, wait };
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) address.searchParams.set(name, String(value));
  }
  return address;
}

function pageOf({ status, headers, text }: Answer): LogPage {
  const last = headers.get('X-Last-Sequence') ?? '';
  if (status === 200 && /^\d{1,15}$/.test(last)) return { texts: text.split('\n').slice(0, -1), last: Number(last) };
  throw new StartError(refusals.get(codeOf(text)) ?? `This is no audit log of Sallyport: the answer was ${status}.`);
}

function codeOf(text: string): unknown {
  try {
    return JSON.parse(text).code;
  } catch {
    return undefined;
  }
}

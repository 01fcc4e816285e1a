import { type RecordedEvent, Unavailable } from '@sallyport/contracts';
import type { ServiceClient } from '@sallyport/http/service-client';

type Answer = (path: string, body: object | undefined) => unknown;

export interface FakeService extends ServiceClient {
  away: boolean;
  /** What was called, as `METHOD path`. */
  calls: string[];
}

/** A service client whose answers a test gives, by method and the first segment of the path. Strict like the real one. */
export function fakeService(name: 'users' | 'otp', answers: Record<string, Answer>): FakeService {
  const calls: string[] = [];
  const service: FakeService = {
    away: false,
    calls,
    async call(method, path, options) {
      calls.push(`${method} ${path}`);
      if (service.away) throw new Unavailable(name);
      const answer = answers[`${method} /${path.split(/[/?]/)[1]}`]?.(path, options.body);
      const parsed = options.answer.safeParse(answer);
      if (!parsed.success) throw new Unavailable(name, { cause: new Error('unusable answer') });
      return parsed.data;
    },
    async fetch() {
      return undefined;
    },
    async ping() {},
    async close() {},
  };
  return service;
}

/** The outbox of a service as the gateway sees it. */
export function fakeOutbox(recorded: RecordedEvent[] = []) {
  const acknowledged = new Set<string>();
  return {
    recorded,
    acknowledged,
    answers: {
      'GET /events': (path: string) => ({
        events: recorded
          .filter((event) => !acknowledged.has(event.id))
          .slice(0, Number(/limit=(\d+)/.exec(path)?.[1] ?? 500)),
      }),
      'POST /events': (_path: string, body: object | undefined) => {
        for (const id of (body as { ids: string[] }).ids) acknowledged.add(id);
        return {};
      },
    },
  };
}

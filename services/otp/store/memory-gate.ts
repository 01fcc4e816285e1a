import type { CodeGate } from './code-gate.ts';

/** The gate of a single instance: entries leave in the order they came, as soon as they have lapsed. */
export function openMemoryGate(ttlSeconds: number, monotonicMs: () => number = () => performance.now()): CodeGate {
  const entries = new Map<string, { token: string; lapsesAt: number }>();
  const forgetLapsed = () => {
    for (const [key, { lapsesAt }] of entries) {
      if (lapsesAt > monotonicMs()) return;
      entries.delete(key);
    }
  };
  return {
    requireReady: () => undefined,
    async take(userId, step, token) {
      forgetLapsed();
      const key = `${userId}:${step}`;
      if (entries.has(key)) return false;
      entries.set(key, { token, lapsesAt: monotonicMs() + ttlSeconds * 1_000 });
      return true;
    },
    async release(userId, step, token) {
      const key = `${userId}:${step}`;
      if (entries.get(key)?.token === token) entries.delete(key);
    },
    ping: async () => 'PONG',
    close: async () => entries.clear(),
  };
}

import type { Logger } from '@sallyport/logger';
import express, { type Express } from 'express';
import type { Registry } from 'prom-client';

/** A dependency's check rejects while it is away; one that is not `required` is shown and never makes a part unready. */
export interface ReadinessCheck {
  check: () => Promise<unknown>;
  required: boolean;
}

const checkMs = 1_000;

/** `/livez`, `/readyz` with each dependency by name and the clock beside them, and `/metrics`, for a port of their own. */
export function opsApp(options: {
  registry: Registry;
  logger: Logger;
  dependencies: Record<string, ReadinessCheck>;
  ready: () => boolean;
}): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.get('/livez', (_req, res) => void res.json({ status: 'ok' }));
  app.get('/readyz', async (_req, res) => {
    const names = Object.keys(options.dependencies);
    const states = await Promise.all(Object.values(options.dependencies).map(stateOf));
    const required = Object.values(options.dependencies).every((entry, at) => !entry.required || states[at] === 'up');
    const ready = options.ready() && required;
    const { clock, ...dependencies } = Object.fromEntries(names.map((name, at) => [name, states[at]]));
    res.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not ready', dependencies, clock });
  });
  app.get('/metrics', async (_req, res) => {
    res.set('Content-Type', options.registry.contentType).end(await options.registry.metrics());
  });
  return app;
}

async function stateOf({ check }: ReadinessCheck): Promise<'up' | 'down'> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('no answer in time')), checkMs);
  try {
    await Promise.race([check(), late.promise]);
    return 'up';
  } catch {
    return 'down';
  } finally {
    clearTimeout(timer);
  }
}

import type { RequestHandler } from 'express';
import { Counter, type Registry } from 'prom-client';

/**
 * Counts logins by step and by how they came out: `complete`, `challenged`, the code of a problem, or `left` where the
 * caller didn't wait. It looks at what was answered, so that what limits and failing dependencies refuse counts too.
 */
export function countLogins(registry: Registry): (step: 'password' | 'code') => RequestHandler {
  const logins = new Counter({
    name: 'gateway_logins_total',
    help: 'Logins by step and outcome',
    labelNames: ['step', 'outcome'],
    registers: [registry],
  });
  return (step) => (_req, res, next) => {
    res.once('close', () => {
      const { problem, outcome = 'complete' } = res.locals;
      logins.inc({ step, outcome: res.writableFinished ? (problem ?? outcome) : 'left' });
    });
    next();
  };
}

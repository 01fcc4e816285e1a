import type { Logger } from '@sallyport/logger';
import { withinRequest } from '@sallyport/tracing';
import type { RequestHandler } from 'express';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** One log line and one measure for each request, and which problems were answered where. */
export function observeRequests(logger: Logger, registry: Registry): RequestHandler {
  const registers = [registry];
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the first byte of a request to the end of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const inFlight = new Gauge({ name: 'http_requests_in_flight', help: 'Requests that await their answer', registers });
  const problems = new Counter({
    name: 'http_problems_total',
    help: 'Answers that are a problem, by its code',
    labelNames: ['route', 'problem'],
    registers,
  });
  return (req, res, next) => {
    const started = performance.now();
    inFlight.inc();
    const ended = () => {
      const ms = performance.now() - started;
      const { route = 'none', problem, quiet } = res.locals;
      const status = res.writableFinished ? res.statusCode : 499;
      inFlight.dec();
      durations.observe({ method: req.method, route, status }, ms / 1_000);
      if (problem !== undefined) problems.inc({ route, problem });
      logger[quiet && status < 500 ? 'debug' : 'info'](
        { method: req.method, route, status, ms: Math.round(ms) },
        'request',
      );
    };
    res.once('close', withinRequest(ended));
    next();
  };
}

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Trace } from './span.ts';

/** The request that code runs for, however deep in stores and clients. */
export interface RequestScope {
  readonly requestId: string;
  /** Set where the request is traced. */
  trace?: Trace;
}

const scopes = new AsyncLocalStorage<RequestScope | undefined>();

/** Runs `work`, and all that follows from it, for the request of that id. */
export function enterRequest<Result>(requestId: string, work: () => Result): Result {
  return scopes.run({ requestId }, work);
}

export function currentRequest(): RequestScope | undefined {
  return scopes.getStore();
}

/** Keeps a callback in the request that it was made in, whatever calls it. */
export function withinRequest<Args extends unknown[], Result>(
  work: (...args: Args) => Result,
): (...args: Args) => Result {
  const scope = scopes.getStore();
  return (...args) => scopes.run(scope, work, ...args);
}

/** Runs `work` for nobody: what is about a connection, or done for many at once, isn't about the request that began it. */
export function outsideRequests<Result>(work: () => Result): Result {
  return scopes.exit(work);
}

/** What every log line about a request carries. */
export function requestFields(): { request_id?: string; trace_id?: string } {
  const scope = scopes.getStore();
  if (scope === undefined) return {};
  return scope.trace === undefined
    ? { request_id: scope.requestId }
    : { request_id: scope.requestId, trace_id: scope.trace.id };
}

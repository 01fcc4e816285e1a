import { currentRequest } from './request-scope.ts';

export type Attributes = Record<string, string | number | boolean>;

/** One piece of work in a trace. None of its attributes may hold a value that somebody sent. */
export interface OpenSpan {
  /** The header by which another part goes on with this trace (W3C Trace Context). */
  readonly traceparent: string;
  set(attributes: Attributes): void;
  /** @param error marks it as failed, by the error's code or name alone: messages may quote what was sent */
  end(error?: unknown): void;
}

/** The trace of a request, and how pieces of work enter it. */
export interface Trace {
  readonly id: string;
  begin(kind: 'client' | 'internal', name: string, attributes: Attributes): OpenSpan;
}

/** Begins a span below that of the request which is going on; undefined where none is, or it isn't traced. */
export function beginSpan(kind: 'client' | 'internal', name: string, attributes: Attributes): OpenSpan | undefined {
  return currentRequest()?.trace?.begin(kind, name, attributes);
}

export type BeginSpan = typeof beginSpan;

/** Does `work` in a span; where nothing is traced it only does it. */
export function traced<Result>(
  kind: 'client' | 'internal',
  name: string,
  attributes: Attributes,
  work: (span?: OpenSpan) => Promise<Result>,
): Promise<Result> {
  const span = beginSpan(kind, name, attributes);
  return span === undefined ? work() : finish(span, work);
}

async function finish<Result>(span: OpenSpan, work: (span: OpenSpan) => Promise<Result>): Promise<Result> {
  try {
    const result = await work(span);
    span.end();
    return result;
  } catch (error) {
    span.end(error);
    throw error;
  }
}

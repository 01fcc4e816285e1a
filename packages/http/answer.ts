import type { Response } from 'express';
import type { Problem } from './problem.ts';

/** What a handler answers: a JSON value, bytes, or nothing. */
export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
  /** How it came out, for measures, where one status stands for more than one thing. */
  outcome?: string;
  /** Set where the answer is a problem; the body is made from it. */
  problem?: { problem: Problem; detail: string; errors?: FieldFault[] | undefined };
}

export interface FieldFault {
  path: string;
  message: string;
}

export function reply(status: number, body?: unknown, headers: Record<string, string> = {}, outcome?: string): Answer {
  return { status, body, headers, ...(outcome === undefined ? {} : { outcome }) };
}

/** Refuses with a problem (RFC 9457); `retryAfterSeconds` becomes `Retry-After`. */
export function refuse(
  problem: Problem,
  more: { detail?: string; errors?: FieldFault[]; retryAfterSeconds?: number; headers?: Record<string, string> } = {},
): Answer {
  const retry = more.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(more.retryAfterSeconds) };
  return {
    status: problem.status,
    headers: { ...retry, ...more.headers },
    problem: { problem, detail: more.detail ?? problem.title, errors: more.errors },
  };
}

/** The body of a problem (RFC 9457 3), as JSON. */
export function problemDetails(
  { code, title, status }: Problem,
  { detail, requestId, errors }: { detail: string; requestId: string; errors?: FieldFault[] | undefined },
): string {
  const type = `urn:sallyport:problem:${code}`;
  return JSON.stringify({ type, title, status, detail, code, request_id: requestId, errors });
}

/** Writes an answer; the request's id goes into every problem. What measures tell apart stays in `res.locals`. */
export function send(res: Response, answer: Answer): void {
  res.statusCode = answer.status;
  if (answer.headers) res.set(answer.headers);
  res.locals.outcome = answer.outcome;
  if (answer.problem) {
    const { problem, detail, errors } = answer.problem;
    res.locals.problem = problem.code;
    const body = problemDetails(problem, { detail, requestId: res.locals.requestId, errors });
    end(res, 'application/problem+json', body);
  } else if (answer.body === undefined) res.end();
  else if (Buffer.isBuffer(answer.body) || typeof answer.body === 'string') res.end(answer.body);
  else end(res, 'application/json; charset=utf-8', JSON.stringify(answer.body));
}

/** What express's own `json` does for any text, type and character set costs more than it takes to write the answer. */
function end(res: Response, type: string, text: string): void {
  res.setHeader('Content-Type', type).setHeader('Content-Length', Buffer.byteLength(text)).end(text);
}

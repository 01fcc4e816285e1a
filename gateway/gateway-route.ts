import type { Given, Handler, Route } from '@sallyport/http';
import type { z } from 'zod';
import type { GatewayContext } from './context.ts';
import type { Asker } from './domain/asker.ts';
import type { CountedAddress } from './edge/address.ts';
import type { ProblemCode } from './problems.ts';
import type { Session } from './store/sessions.ts';

/** Who calls, as far as the pipeline has found out by the time a handler runs. */
export interface Caller {
  asker: Asker;
  /** Set on every route whose access is `bearer`. */
  session?: Session;
  /** Where it comes from, as limits count it. */
  address: CountedAddress;
}

/** One way an answer may come out: JSON of a schema, other media types, or either by `Accept`; without both no body. */
export interface AnswerSpec {
  description: string;
  schema?: z.ZodType;
  media?: readonly string[];
}

/** A row of the table: what the route wants of its caller, what it takes and what it answers. */
export interface GatewayRoute extends Route<GatewayContext, Caller> {
  summary: string;
  tag: 'login' | 'tokens' | 'account' | 'second factor' | 'sessions' | 'audit' | 'administration' | 'public';
  /** `public`: anybody. `bearer`: a live session. `either token`: the handler takes a session or a refresh token. */
  access: 'public' | 'bearer' | 'either token';
  /**
   * Set where a credential may be guessed: what happens to an address with too many failures. `refused unless known` lets
   * a request with the token of a known device on to the handler; `refused unless live` one with a body as it should be;
   * `counted` leaves the answer to the handler; `counted without session` asks nothing of who has one.
   */
  guesses?: 'refused' | 'refused unless known' | 'refused unless live' | 'counted' | 'counted without session';
  /** Answered to a blocked address too: by it a proxy finds out whether this process serves. */
  evenBlocked?: true;
  /** Counted as this step of a login. */
  login?: 'password' | 'code';
  /** Each call counts as a signup of its address. */
  signup?: true;
  /** Closed to an account whose role needs a factor. */
  notForRequiredRoles?: true;
  /** The session must have been authenticated within FRESH_SECONDS; `for others`: unless it acts on itself (`:id`). */
  fresh?: 'always' | 'for others';
  /** One of these roles, and a session with both factors. */
  roles?: readonly string[];
  /** Open to an account whose role needs a factor that isn't enrolled yet. */
  beforeEnrolment?: true;
  answers: Record<number, AnswerSpec>;
  problems?: readonly ProblemCode[];
}

type Spec = Omit<GatewayRoute, 'handle'>;
type CallerOf<Access> = Access extends 'bearer' ? Caller & { session: Session } : Caller;

/** Types a handler by the schemas of its route and by the access that it wants. */
export function gatewayRoute<const S extends Spec>(
  spec: S,
  handle: Handler<GatewayContext, CallerOf<S['access']>, Given<S['params']>, Given<S['query']>, Given<S['body']>>,
): GatewayRoute {
  return { ...spec, handle: handle as Handler<GatewayContext, Caller> };
}

import { reply } from './answer.ts';
import type { Route } from './route.ts';

/** Answers whoever holds a token of the service, and looks at nothing: whether the service listens and knows the caller. */
export const pingRoute: Route<unknown, unknown> = {
  method: 'get',
  path: '/ping',
  quiet: true,
  handle: () => reply(200, {}),
};

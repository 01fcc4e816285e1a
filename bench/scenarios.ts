import type { Scenario } from './scenario.ts';
import { audit } from './scenarios/audit.ts';
import { growth } from './scenarios/growth.ts';
import { login } from './scenarios/login.ts';
import { loginOtp } from './scenarios/login-otp.ts';
import { memory } from './scenarios/memory.ts';
import { overload } from './scenarios/overload.ts';
import { qr } from './scenarios/qr.ts';
import { refresh } from './scenarios/refresh.ts';
import { roundTrips } from './scenarios/round-trips.ts';
import { seed } from './scenarios/seed.ts';
import { simulate } from './scenarios/simulate.ts';
import { start } from './scenarios/start.ts';
import { verify } from './scenarios/verify.ts';

/** In the order in which they run and are shown. */
// biome-ignore lint/suspicious/noExplicitAny: each knows its own figures
export const scenarios: readonly Scenario<any>[] = [
  login,
  roundTrips,
  loginOtp,
  refresh,
  verify,
  qr,
  overload,
  audit,
  start,
  memory,
  seed,
  growth,
  simulate,
];

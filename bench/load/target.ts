import type { Answered, HttpApi } from './http-api.ts';
import type { PrepareOptions } from './messages.ts';

/** Measures the time of a call by its name. */
export type Timed = (name: string, call: Promise<Answered>) => Promise<Answered>;

export interface LoadScenario<Account> {
  /** Whether an account can run the scenario now. */
  isReady(account: Account): boolean;
  /** One run; the answer that ended it is the last one asked for. */
  run(api: HttpApi, account: Account, timed: Timed): Promise<Answered>;
}

/** Something that people log in to, Sallyport or a peer. */
export interface Target<Account> {
  /** Signs somebody up, and enrols an authenticator. */
  createAccount(api: HttpApi, options: PrepareOptions): Promise<Account>;
  scenarios: Record<string, LoadScenario<Account>>;
}

import { serveHelper } from '../helper-process.ts';
import { type HttpApi, openHttpApi } from './http-api.ts';
import type { LoadGeneratorHandlers } from './messages.ts';
import { runRound } from './run-round.ts';
import { targets } from './targets.ts';

const opened = new Map<string, { api: HttpApi; accounts: unknown[] }>();

const handlers: LoadGeneratorHandlers = {
  async prepare({ target, accounts: wanted, concurrency, ...options }) {
    const state = opened.get(target) ?? { api: openHttpApi(options.url), accounts: [] };
    opened.set(target, state);
    let left = wanted;
    const create = async () => {
      while (left > 0) {
        left -= 1;
        const account = await targets[target]?.createAccount(state.api, options);
        state.accounts.push(account);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, create));
  },
  async round({ target, ...options }, mark) {
    const state = opened.get(target);
    const scenarios = targets[target]?.scenarios;
    if (!state || !scenarios) throw new Error(`nobody has an account at ${target}`);
    return await runRound({ ...state, ...options, scenarios, mark });
  },
};

serveHelper(handlers);

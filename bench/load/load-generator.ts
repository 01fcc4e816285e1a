import { serveHelper } from '../helper-process.ts';
import { createLoadAccount, type LoadAccount } from './account.ts';
import { type GatewayApi, openGatewayApi } from './gateway-api.ts';
import type { LoadGeneratorHandlers } from './messages.ts';
import { runRound } from './run-round.ts';
import { scenarios } from './scenarios.ts';

let api: GatewayApi;
const accounts: LoadAccount[] = [];

const handlers: LoadGeneratorHandlers = {
  async prepare({ url, accounts: wanted, windowSteps, concurrency }) {
    api = openGatewayApi(url);
    let left = wanted;
    const create = async () => {
      while (left > 0) {
        left -= 1;
        accounts.push(await createLoadAccount(api, windowSteps));
      }
    };
    await Promise.all(Array.from({ length: concurrency }, create));
  },
  round: ({ scenario, ...limits }, mark) => runRound({ api, scenario: scenarios[scenario], accounts, ...limits, mark }),
};

serveHelper(handlers);

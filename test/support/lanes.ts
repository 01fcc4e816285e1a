// What a balancer does in a rolling restart: a gateway and the services that it calls are a lane, and while one of them
// restarts, calls go through the other lanes. So a call that fails was refused by a part that runs.
import assert from 'node:assert/strict';
import type { Api } from './api.ts';
import { inTurn } from './at-once.ts';
import type { PartProcess } from './part-process.ts';
import type { ProcessStack } from './process-stack.ts';
import { until } from './until.ts';

export type Lanes = {
  /** Through the lanes that are up, in turn. */
  api: Api;
  /** Stops parts of one lane when it is idle, starts them with other settings, and waits for answers through them. */
  restart(parts: readonly PartProcess[], envOf: (part: PartProcess) => Record<string, string>): Promise<void>;
};

export function createLanes(stack: ProcessStack): Lanes {
  const lanes = stack.gateways.map((gateway, at) => ({
    urls: [inTurn(stack.everyUsers, at), inTurn(stack.otps, at), gateway].map(({ url }) => url),
    api: gateway.api,
    down: false,
    running: 0,
    answered: 0,
  }));
  let calls = 0;
  return {
    async api(...call) {
      calls += 1;
      const lane = inTurn(
        lanes.filter(({ down }) => !down),
        calls,
      );
      lane.running += 1;
      try {
        return await lane.api(...call);
      } finally {
        lane.running -= 1;
        lane.answered += 1;
      }
    },
    async restart(parts, envOf) {
      const lane = lanes.find(({ urls }) => parts.every(({ url }) => urls.includes(url)));
      assert.ok(lane);
      lane.down = true;
      await until('the lane is idle', () => lane.running === 0);
      const restarting = parts.map(async (part) => {
        part.signal('SIGTERM');
        assert.deepEqual(await part.ended(), { code: 0, signal: null });
        part.configure(envOf(part));
        await part.start();
      });
      await Promise.all(restarting);
      lane.down = false;
      const wanted = lane.answered + 8;
      await until('calls go through the lane again', () => lane.answered >= wanted);
    },
  };
}

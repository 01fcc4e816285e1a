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
  /** Stops the part when its lane is idle, starts it with other settings, and waits for answers through it. */
  restart(part: PartProcess, env: Record<string, string>): Promise<void>;
};

export function createLanes(stack: ProcessStack): Lanes {
  const lanes = stack.gateways.map((gateway, at) => ({
    parts: [inTurn(stack.everyUsers, at), inTurn(stack.otps, at), gateway].map(({ url }) => url),
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
    async restart(part, env) {
      const lane = lanes.find(({ parts }) => parts.includes(part.url));
      assert.ok(lane);
      lane.down = true;
      await until('the lane is idle', () => lane.running === 0);
      part.signal('SIGTERM');
      assert.deepEqual(await part.ended(), { code: 0, signal: null });
      part.configure(env);
      await part.start();
      lane.down = false;
      const wanted = lane.answered + 12;
      await until('calls go through the lane again', () => lane.answered >= wanted);
    },
  };
}

import { describeFailures } from '../report/describe-failures.ts';
import { renderRequests } from '../report/render-requests.ts';
import { type RequestSummary, summariseRequests } from '../report/summaries.ts';
import type { Scenario } from '../scenario.ts';
import { measureRequests } from './measure-requests.ts';

/** No request here hashes; signing up does. */
const cost = 4;

/** One request again and again, by people who are logged in, on one gateway process. */
export function createRequestScenario(about: {
  name: 'refresh' | 'verify';
  call: string;
  perSecond: number;
}): Scenario<RequestSummary[]> {
  const { name, call } = about;
  return {
    name,
    help: `${call} on one gateway process`,
    bar: [{ key: name, what: call, unit: '/s', limit: about.perSecond, sense: 'at least', of: 'figure' }],
    async run(bench, options, tell) {
      await using rig = await bench.openRig({ cost });
      await rig.prepareAccounts(Math.max(...options.concurrency));
      return summariseRequests(await measureRequests(rig, name, options, tell));
    },
    render: (summaries) => ({
      details: [renderRequests(name, summaries)],
      figures: [{ key: name, figure: Math.max(...summaries.map(({ perSecond }) => perSecond)) }],
      failures: describeFailures(summaries),
    }),
  };
}

import { measureLogins } from '../login/measure-logins.ts';
import { openPeers } from '../login/open-peers.ts';
import { type CostFigures, cpuNotes, renderCpu, renderPeers, renderRates } from '../login/render-logins.ts';
import { describeFailures } from '../report/describe-failures.ts';
import { summariseLogins, summarisePeers } from '../report/summaries.ts';
import type { BarLine, Figure, Scenario } from '../scenario.ts';

const ofRaw = { unit: '/s', limit: 0.9, sense: 'at least', of: 'ratio' } as const;

const bar: BarLine[] = [
  { key: 'login-10-8', what: 'complete logins at cost 10, 8 at once', ...ofRaw },
  { key: 'login-10-32', what: 'complete logins at cost 10, 32 at once', ...ofRaw },
  {
    key: 'login-4-peer',
    what: 'complete logins at cost 4, audit on',
    unit: '/s',
    limit: 3.5,
    sense: 'at least',
    of: 'ratio',
  },
  {
    key: 'login-cpu',
    what: 'CPU of a login beyond its hash, warm (cost 4)',
    unit: 'ms',
    limit: 6,
    sense: 'at most',
    of: 'figure',
  },
];

export const login: Scenario<CostFigures[]> = {
  name: 'login',
  help: 'complete two-step logins beside raw bcrypt: rate, ratio, times of both calls, CPU beyond the hash',
  options: {
    peers: { placeholder: 'NAME,...', default: 'all', help: 'peers to measure beside, or none' },
    'install-peers': {
      placeholder: '',
      default: 'false',
      help: "installs Debian's packages of peers, as root",
    },
  },
  bar,
  async run(bench, options, tell) {
    const measured: CostFigures[] = [];
    for (const cost of options.costs) {
      await using rig = await bench.openRig({ cost });
      const about = (message: string) => tell(`cost ${cost}: ${message}`);
      const chosen = {
        cost,
        isFirst: cost === options.costs[0],
        chosen: options.own.peers ?? '',
        install: options.own['install-peers'] === 'true',
        mostAtOnce: Math.max(...options.concurrency),
      };
      await using peers = await openPeers(bench, rig, chosen, about);
      const { rounds, ofPeers, idle } = await measureLogins(rig, peers, options, about);
      measured.push({
        cost,
        stores: rig.stores,
        logins: summariseLogins(rounds),
        peers: summarisePeers(ofPeers),
        missingPeers: peers.missing,
        idle: idle && { ...idle },
      });
    }
    return measured;
  },
  render: (measured) => ({
    details: [
      ...measured.flatMap((one) => [
        `${renderRates(one)}\non ${one.stores.join(', ')}`,
        renderCpu(one),
        ...renderPeers(one),
      ]),
      cpuNotes,
    ],
    figures: measured.flatMap(toFigures),
    failures: measured.flatMap(({ logins, peers }) => describeFailures([...logins, ...peers])),
  }),
};

function toFigures({ cost, logins, peers, missingPeers }: CostFigures): Figure[] {
  const rates: Figure[] = logins.map(({ concurrency, perSecond, rawPerSecond }) => ({
    key: `login-${cost}-${concurrency}`,
    figure: perSecond,
    reference: { name: 'raw bcrypt', figure: rawPerSecond },
  }));
  if (cost !== 4) return rates;
  const busiest = logins.at(-1);
  const peer = peers.findLast(({ peer: name }) => name === 'better-auth');
  const beside: Figure = { key: 'login-4-peer', figure: busiest?.perSecond };
  if (peer) beside.reference = { name: 'better-auth', figure: peer.perSecond };
  else beside.missing = `better-auth: ${missingPeers['better-auth'] ?? 'not asked for'}`;
  return [...rates, beside, { key: 'login-cpu', figure: busiest?.cpuMs?.beyondHashing }];
}

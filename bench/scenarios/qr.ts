import { randomBytes } from 'node:crypto';
import { startBareProxy, startNginx, startPicture } from '../edge/start-edges.ts';
import { describeFailures } from '../report/describe-failures.ts';
import { median } from '../report/percentile.ts';
import { formatFigure, renderTable } from '../report/table.ts';
import type { MeasuredRound, Rig } from '../rig.ts';
import type { Scenario } from '../scenario.ts';

interface QrRound extends MeasuredRound {
  by: string;
  concurrency: number;
}

interface QrFigures {
  rounds: QrRound[];
  bytes: number;
  missing: string | undefined;
}

/** Nothing here hashes but signing up. */
const cost = 4;
const warmUpSeconds = 3;

export const qr: Scenario<QrFigures> = {
  name: 'qr',
  help: 'GET /qr_code passed through with its token checked, beside bare http-proxy-middleware and nginx',
  bar: [
    { key: 'qr', what: 'proxied call with a token checked', unit: '/s', limit: 0.7, sense: 'at least', of: 'ratio' },
  ],
  async run(bench, { rounds, seconds, concurrency }, tell) {
    await using opened = new AsyncDisposableStack();
    const rig = opened.use(await bench.openRig({ cost }));
    const bytes = await fetchPicture(rig.url);
    const target = opened.use(await startPicture(bytes));
    const gateway = opened.adopt(await rig.startGateway({ OTP_URL: target.url }), (it) => it.close());
    const bare = opened.use(await startBareProxy(target.url));
    const nginx = await startNginx(target.url);
    if (nginx) opened.use(nginx);
    const ways = { gateway: gateway.url, 'bare proxy': bare.url, ...(nginx ? { nginx: nginx.url } : {}) };
    for (const [by, url] of Object.entries(ways)) await prepare(rig, by, url, Math.max(...concurrency));
    const measured: QrRound[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      for (const clients of concurrency) {
        for (const by of Object.keys(ways)) {
          const figures = await measure(rig, by, clients, seconds);
          tell(`round ${round} of ${rounds}, ${clients} at once: ${figures.perSecond.toFixed(0)}/s by ${by}`);
          measured.push({ ...figures, by, concurrency: clients });
        }
      }
    }
    return { rounds: measured, bytes: bytes.length, missing: nginx ? undefined : 'nginx is not installed' };
  },
  render({ rounds, bytes, missing }) {
    const groups = Map.groupBy(rounds, ({ by, concurrency }) => `${by}, ${concurrency} at once`);
    const rows = [...groups].map(([name, all]) => [
      name,
      formatFigure(rate(all)),
      formatFigure(median(all.map(({ calls }) => calls['GET /qr_code']?.p50 ?? Number.NaN))),
      formatFigure(median(all.map(({ calls }) => calls['GET /qr_code']?.p99 ?? Number.NaN))),
    ]);
    const most = Math.max(...rounds.map(({ concurrency }) => concurrency));
    const busiest = (by: string) => rate(rounds.filter((one) => one.by === by && one.concurrency === most));
    return {
      details: [
        renderTable([`a PNG of ${bytes} bytes`, 'requests/s', 'p50', 'p99'], rows),
        ...(missing ? [`nginx: skipped, ${missing}`] : []),
      ],
      figures: [
        {
          key: 'qr',
          figure: busiest('gateway'),
          reference: { name: 'http-proxy-middleware', figure: busiest('bare proxy') },
        },
      ],
      failures: describeFailures(rounds),
    };
  },
};

function rate(rounds: readonly MeasuredRound[]): number {
  return median(rounds.map(({ perSecond }) => perSecond));
}

async function prepare(rig: Rig, target: string, url: string, accounts: number): Promise<void> {
  await rig.prepareAccounts(accounts, { target, url });
  await measure(rig, target, accounts, warmUpSeconds);
}

function measure(rig: Rig, target: string, concurrency: number, seconds: number): Promise<MeasuredRound> {
  return rig.measureRound([{ scenario: 'picture', concurrency }], { target, rampMs: 500, seconds });
}

/** What otp answers somebody who enrols. */
async function fetchPicture(url: string): Promise<Buffer> {
  const body = { username: `qr-${randomBytes(8).toString('hex')}`, password: randomBytes(12).toString('hex') };
  const post = async (path: string, headers: Record<string, string>) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } };
    const answer = await fetch(`${url}${path}`, { ...init, body: JSON.stringify(path === '/signup' ? body : {}) });
    return (await answer.json()) as { access_token: string };
  };
  const { access_token } = await post('/signup', {});
  const headers = { authorization: `Bearer ${access_token}` };
  await post('/auth/otp/setup', headers);
  const picture = await fetch(`${url}/qr_code`, { headers });
  if (picture.status !== 200) throw new Error(`GET /qr_code answered ${picture.status}`);
  return Buffer.from(await picture.arrayBuffer());
}

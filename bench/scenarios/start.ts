import { join } from 'node:path';
import { startProduct } from '../../test/support/running-product.ts';
import { median } from '../report/percentile.ts';
import { formatFigure } from '../report/table.ts';
import type { Scenario } from '../scenario.ts';

const root = join(import.meta.dirname, '..', '..');

interface StartFigures {
  /** With no data yet, in milliseconds. */
  first: number;
  later: number[];
}

export const start: Scenario<StartFigures> = {
  name: 'start',
  help: 'from the command `npm start` to its ready line, with what it installs and its data there',
  bar: [{ key: 'start', what: 'ready after npm start', unit: 's', limit: 3, sense: 'at most', of: 'figure' }],
  async run(bench, { rounds }, tell) {
    const DATA_DIR = join(bench.folder, 'start');
    const startOnce = async () => {
      bench.signal.throwIfAborted();
      await using product = await startProduct(root, { DATA_DIR });
      tell(`ready after ${product.startedInMs.toFixed(0)} ms`);
      product.signal('SIGTERM');
      await product.ended;
      return product.startedInMs;
    };
    const first = await startOnce();
    const later: number[] = [];
    while (later.length < rounds) later.push(await startOnce());
    return { first, later };
  },
  render: ({ first, later }) => ({
    details: [
      `npm start: ready after ${formatFigure(median(later) / 1_000)} s, the first time after ${formatFigure(first / 1_000)} s`,
    ],
    figures: [{ key: 'start', figure: median(later) / 1_000 }],
  }),
};

import { sizeInstallation } from './size-installation.ts';

const examples = [1_000, 100_000, 1_000_000, 10_000_000];

/** The rows of the table in docs/operations.md, cell by cell. */
export function sizesOfExamples(): string[][] {
  return examples.map((accounts) => {
    const [at10, at12] = [sizeInstallation({ accounts, cost: 10 }), sizeInstallation({ accounts, cost: 12 })];
    const { cores } = at10;
    return [
      `10^${Math.log10(accounts)}`,
      round(at10.loginsPerSecond),
      String(cores.users),
      String(at12.cores.users),
      String(cores.gateway),
      String(cores.otp),
      String(cores.postgres),
      String(at10.connections),
      `${round(at10.accountsGb)} GB`,
      `${round(at10.logGb)} GB`,
      `${round(at10.redisMb)} MB`,
    ];
  });
}

/** Two significant digits. */
function round(value: number): string {
  return String(Number(value.toPrecision(2)));
}

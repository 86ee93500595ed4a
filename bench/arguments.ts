import { parseArgs } from 'node:util';

/** What the command was asked for. */
export type Arguments = {
  json: boolean;
  quick: boolean;
  write: boolean;
  costs: boolean;
  million: boolean;
  help: boolean;
  /** Ids of the cases to measure; all of them if there are none. */
  cases: readonly string[];
};

/** What `--help` prints. */
export const USAGE = `npm run bench -- [options] [case ...]

Measures this project's bundles against other ways of doing the same, in turn, and exits with 1 if a ratio misses its bar.

  --quick     a look: a quarter of the rounds
  --json      prints one JSON document instead of tables
  --write     writes docs/benchmarks.md as well
  --million   reads a million rows too; takes a quarter of an hour more
  --costs     measures nothing: counts billed operations, and writes docs/costs.md and docs/scaling.md
  --help      prints this

Cases: cold-start, loading, warm-webhooks, verification, billed-operations, order-batches, reconciliation, growth, throughput.
`;

/** Reads the command line; a problem says what is wrong with it. */
export function readArguments(argv: readonly string[]): { options: Arguments } | { problem: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        costs: { type: 'boolean', default: false },
        million: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    return { options: { ...values, cases: positionals } };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

import { parseArgs } from 'node:util';

/** The options of `npm run dashboard`. */
export type DashboardArguments = {
  help: boolean;
  quick: boolean;
  out?: string;
  config?: string;
};

/** The help text. */
export const USAGE = `Runs the whole system on this machine, plays traffic and faults for about two minutes, writes the boards to one HTML page, and ends.

npm run dashboard -- [options]
  --out FILE       where the page goes (default: .local/dashboard.html)
  --quick          without the outage of Button; takes half a minute
  --config FILE    deploy this configuration instead of infra/config/local.json; it needs both flows and dashboards
  --help
`;

/** Reads the command line, or says what is wrong with it. */
export function readDashboardArguments(
  args: readonly string[],
): { ok: true; options: DashboardArguments } | { ok: false; problem: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        out: { type: 'string' },
        config: { type: 'string' },
      },
    });
    const { help, quick, out, config } = values;
    return {
      ok: true,
      options: {
        help,
        quick,
        ...(out === undefined ? {} : { out }),
        ...(config === undefined ? {} : { config }),
      },
    };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

import { text as textOf } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

import { callerPath } from './caller-path.ts';
import { denialInWords, isAccessDenied } from './access-denied.ts';
import { createClients } from './clients.ts';
import { DEFAULT_OUTPUTS_FILE, defaultOutputsFile } from './default-outputs-file.ts';
import { identifyCaller } from './caller.ts';
import type { Command, CommandResult, PreparedCommand, StagePrepared } from './command.ts';
import { operationsList } from './commands/operations.ts';
import { brandPause, brandResume, breakerClose, breakerShow } from './commands/breaker.ts';
import { customerErase } from './commands/customers.ts';
import { orderAbandon, orderEdit, orderRetry } from './commands/order-changes.ts';
import { ordersWaiting, orderShow } from './commands/orders.ts';
import { ordersAudit } from './commands/orders-audit.ts';
import { ordersReplay } from './commands/orders-replay.ts';
import { deadLettersList, deadLettersRedrive } from './commands/dead-letters.ts';
import { quarantineReasons } from './commands/quarantine-reasons.ts';
import { quarantineDelete, quarantineList, quarantineShow } from './commands/quarantine.ts';
import {
  accountsList,
  backfillShow,
  backfillStart,
  driftShow,
  positionsShow,
  transactionsRebuild,
} from './commands/reconciliation.ts';
import {
  eventsRepublish,
  shopperErase,
  transactionSettle,
  transactionShow,
  transactionsList,
  transactionsRenew,
  webhooksReplay,
} from './commands/transactions.ts';
import { check } from './commands/check.ts';
import { completion } from './commands/completion.ts';
import { doctor } from './commands/doctor.ts';
import { explain } from './commands/explain.ts';
import { fix } from './commands/fix.ts';
import { search } from './commands/search.ts';
import { show } from './commands/show.ts';
import type { CommandSyntax } from './completion/completion-script.ts';
import { createOperationLog } from './operation-log.ts';
import { createProgressLine, type ProgressOutlet, type StartProgress } from './progress.ts';
import { asText } from './print.ts';
import { readStage, type DeployedStage } from './stage.ts';
import { quarantineTableOf } from './quarantine-tables.ts';
import { suggestion } from './suggestion.ts';
import { UsageError } from './usage-error.ts';
import { visible } from './visible.ts';

/** Every command, in the order of --help. */
export const COMMANDS: readonly Command[] = [
  doctor,
  show,
  search,
  orderShow,
  ordersWaiting,
  ordersAudit,
  breakerShow,
  transactionShow,
  transactionsList,
  quarantineReasons,
  quarantineList,
  quarantineShow,
  deadLettersList,
  accountsList,
  positionsShow,
  driftShow,
  backfillShow,
  operationsList,
  check,
  explain,
  completion,
  fix,
  ordersReplay,
  orderRetry,
  orderEdit,
  orderAbandon,
  brandPause,
  brandResume,
  breakerClose,
  webhooksReplay,
  transactionsRebuild,
  backfillStart,
  transactionSettle,
  eventsRepublish,
  transactionsRenew,
  shopperErase,
  customerErase,
  quarantineDelete,
  deadLettersRedrive,
];

/** Where a command prints. */
export type Outlets = {
  out: (text: string) => void;
  err: (text: string) => void;
  /** Standard input, to its end; that of the process unless given. */
  readInput?: () => Promise<string>;
  /** The width of the terminal that `out` prints on; undefined if it is none. */
  columns?: number | undefined;
  /** The terminal that `err` prints on; undefined if it is none. */
  terminal?: ProgressOutlet | undefined;
};

const COMMON_OPTIONS = {
  'outputs-file': { type: 'string' },
  yes: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

function syntaxOf({ name, summary, options }: Command): CommandSyntax {
  return { name, summary, options: { ...options, ...COMMON_OPTIONS } };
}

function usageOf({ name, usage: rest, summary }: Command): string {
  return `  ${`${name} ${rest}`.trim()}\n      ${summary}\n`;
}

/** The help text. */
export function usage(): string {
  const lines = (commands: readonly Command[]): string => commands.map(usageOf).join('');
  return `Inspects and fixes a deployed stage, with your AWS credentials.

npm run ops -- COMMAND [options]

Look:
${lines(COMMANDS.filter(({ changes }) => !changes))}
Change (without --yes they only say what they would do):
${lines(COMMANDS.filter(({ changes }) => changes))}
Every command:
  --outputs-file FILE   the outputs that cdk deploy wrote, which say what the stage is (default: ${DEFAULT_OUTPUTS_FILE},
                        or else the system that npm start runs on this machine)
  --json                print one JSON document
  --yes                 make the change

Exit codes: 0 done, or the dry run is complete; 1 not everything was done and running the command again continues,
or a message would be refused, or doctor found a problem; 2 the command, the outputs file or the credentials are
wrong, and nothing was done; 3 something that was named does not exist.
`;
}

/**
 * Runs one command line; returns the exit code, as `usage` describes it. A command that changes something is
 * a dry run without --yes; with it, the quarantine table of the flow records who did what, and the result.
 */
export async function runOps(args: readonly string[], outlets: Outlets): Promise<number> {
  const progress = createProgressLine(outlets.terminal);
  const { readInput = () => textOf(process.stdin), columns } = outlets;
  const afterProgress = (print: (text: string) => void) => (text: string) => {
    progress.clear();
    print(visible(text));
  };
  const [out, err] = [afterProgress(outlets.out), afterProgress(outlets.err)];
  try {
    if (args.includes('--help')) {
      const asked = COMMANDS.find(({ name }) => name === args[0]);
      const help = asked ? usageOf(asked) : usage();
      out(args.includes('--json') ? `${JSON.stringify({ outcome: 'done', found: { help } })}\n` : help);
      return 0;
    }
    const { command, given, prepared } = readCommand(args);
    const { [OUTPUTS_FILE]: file, json, yes } = given;
    const result =
      'runOffline' in prepared
        ? await prepared.runOffline({ readInput, commands: COMMANDS.map(syntaxOf) })
        : await carryOut({
            command,
            prepared,
            given,
            stage: await readStage(typeof file === 'string' ? callerPath(file) : defaultOutputsFile()),
            isDryRun: yes !== true,
            err,
            progress: progress.start,
          });
    const { text = asText(result.found, columns), ...document } = result;
    out(json === true ? `${JSON.stringify(document)}\n` : text);
    if (result.outcome !== 'done') err(`${NOTES[result.outcome]}\n`);
    return EXIT_CODES[result.outcome];
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    if (args.includes('--json')) out(`${JSON.stringify({ outcome: 'failed', found: { problem } })}\n`);
    // Without credentials, nothing was requested from AWS.
    const isUsage = error instanceof UsageError || isNamed(error, 'CredentialsProviderError');
    if (isUsage) {
      err(`${problem}\n(--help lists the commands)\n`);
      return 2;
    }
    err(`It failed: ${error instanceof Error ? `${error.name}: ${error.message}` : problem}\n`);
    return 1;
  }
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

const OUTPUTS_FILE = 'outputs-file';

const EXIT_CODES = { done: 0, partial: 1, refused: 1, unhealthy: 1, 'not-found': 3 } as const;
const NOTES = {
  partial: 'Not everything was done. Run the command again to continue.',
  refused: 'The reporter would refuse at least one message.',
  unhealthy: 'At least one check failed. The line below it says what to do.',
  'not-found': 'It does not exist, or no longer.',
} as const;

/** The command of a line, with its input read. Throws a `UsageError`. */
export function readCommand([name = '', ...args]: readonly string[]): {
  command: Command;
  given: Record<string, unknown>;
  prepared: PreparedCommand;
} {
  const command = COMMANDS.find((known) => known.name === name);
  if (!command) throw new UsageError(name === '' ? 'Which command?' : unknownCommand(name));
  const given = readLine(command, args);
  const prepared = command.prepare(given);
  if ('problem' in prepared) throw new UsageError(`${prepared.problem}\n  ${name} ${command.usage}`);
  return { command, given, prepared };
}

/** Options by name, and under `arguments` the values without an option. Throws a `UsageError`. */
function readLine(command: Command, args: readonly string[]): Record<string, unknown> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...COMMON_OPTIONS, ...command.options },
      allowPositionals: true,
    });
    return { ...values, arguments: positionals };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const [, option] = /^Unknown option '--([^']*)'/.exec(problem) ?? [];
    const known = Object.keys({ ...COMMON_OPTIONS, ...command.options }).map((name) => `--${name}`);
    const [said = ''] = problem.split(/(?<=')\. /);
    const message = option === undefined ? problem : `${said}.${suggestion(`--${option}`, known)}`;
    throw new UsageError(message, { cause: error });
  }
}

function unknownCommand(name: string): string {
  const names = COMMANDS.map((command) => command.name);
  return `There is no command "${name}".${suggestion(name, names)}`;
}

async function carryOut({
  command,
  prepared: { flow, run },
  given,
  stage,
  isDryRun,
  err,
  progress,
}: {
  command: Command;
  prepared: StagePrepared;
  given: Record<string, unknown>;
  stage: DeployedStage;
  isDryRun: boolean;
  err: Outlets['err'];
  progress: StartProgress;
}): Promise<CommandResult> {
  const clients = createClients(stage);
  const now = (): Date => new Date();
  let hasBegun = false;
  try {
    if (flow === undefined) return await run({ stage, clients, isDryRun: true, now, progress });
    const by = await identifyCaller(stage);
    err(`Stage ${stage.name}, account ${stage.account}, region ${stage.region}, as ${by}\n`);
    if (isDryRun) {
      err('Dry run: nothing is changed. Add --yes to do it.\n');
      return await run({ stage, clients, isDryRun, now, progress });
    }
    const log = createOperationLog({
      client: clients.dynamodb,
      table: quarantineTableOf(stage, flow),
    });
    const settings = JSON.stringify(
      Object.fromEntries(command.recorded.flatMap((name) => (name in given ? [[name, given[name]]] : []))),
    );
    const { id } = await log.begin({ command: command.name, by, at: now().toISOString(), settings });
    hasBegun = true;
    try {
      const result = await run({ stage, clients, isDryRun, now, progress });
      await log.end(id, { outcome: result.outcome, result: countsIn(result) });
      return result;
    } catch (error) {
      await log.end(id, {
        outcome: 'failed',
        result: JSON.stringify({ error: error instanceof Error ? error.name : 'unknown' }),
      });
      throw error;
    }
  } catch (error) {
    if (!isAccessDenied(error)) throw error;
    const isChange = flow !== undefined && !isDryRun;
    const words = denialInWords(error, { outputNames: stage.outputNames, isChange });
    throw hasBegun ? new Error(words, { cause: error }) : new UsageError(words, { cause: error });
  } finally {
    clients.close();
  }
}

/** The part of a result that goes into the record: counts and words, no lists. */
function countsIn({ found }: CommandResult): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(found).filter(([, value]) => typeof value !== 'object')),
  );
}

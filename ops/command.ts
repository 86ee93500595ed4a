import * as z from 'zod';

import { positiveInteger } from '../shared/runtime/env.ts';
import type { OpsClients } from './clients.ts';
import type { CommandSyntax } from './completion/completion-script.ts';
import type { StartProgress } from './progress.ts';
import type { DeployedStage } from './stage.ts';

/** What a command runs with. */
export type CommandContext = {
  stage: DeployedStage;
  clients: OpsClients;
  /**
   * Nothing may be changed: the command says what it would do. Always true for a command that changes
   * nothing.
   */
  isDryRun: boolean;
  now: () => Date;
  /** Says on a terminal how far a long job has got. */
  progress: StartProgress;
};

/**
 * The result of a command: `found` is what to show, and the outcome says whether everything was done;
 * `refused` if a message would be refused; `unhealthy` if something needs attention. It contains no personal
 * data unless that was asked for.
 */
export type CommandResult = {
  outcome: 'done' | 'partial' | 'refused' | 'unhealthy' | 'not-found';
  found: Readonly<Record<string, unknown>>;
  /** `found` as a page for people; unless given, it is printed field by field. */
  text?: string;
};

/** How an option is read from the command line; see `node:util`'s `parseArgs`. */
export type OptionSyntax = { type: 'string' | 'boolean' };

/** One command. */
export type Command = {
  name: string;
  summary: string;
  /** What follows the name on the command line. */
  usage: string;
  options: Readonly<Record<string, OptionSyntax>>;
  /** Whether it changes anything, and so is a dry run without --yes. */
  changes: boolean;
  /** The parts of the command line that go into the record of operations; never personal data. */
  recorded: readonly string[];
  /** Reads the command line; `problem` says what is wrong with it. */
  prepare: (given: Record<string, unknown>) => PreparedCommand | { problem: string };
};

/** A command with its input read. */
export type PreparedCommand =
  | StagePrepared
  | { runOffline: (context: OfflineContext) => Promise<CommandResult> };

/** What a command without a stage runs with. */
export type OfflineContext = {
  /** Standard input, to its end. */
  readInput: () => Promise<string>;
  /** Every command. */
  commands: readonly CommandSyntax[];
};

/** A command on a stage. */
export type StagePrepared = {
  /**
   * The flow whose quarantine table holds the record of the operation; undefined for a command that changes
   * nothing.
   */
  flow: Flow | undefined;
  run: (context: CommandContext) => Promise<CommandResult>;
};

/** Which side of the system a command works on. */
export type Flow = 'orders' | 'transactions';

type CommandDefinition<Schema extends z.ZodType> = {
  name: string;
  summary: string;
  usage: string;
  /** The options and, as `arguments`, the values without an option. */
  input: Schema;
  options: Readonly<Record<string, OptionSyntax>>;
  changes?: Flow | ((input: z.output<Schema>) => Flow);
  recorded?: readonly string[];
  run: (input: z.output<Schema>, context: CommandContext) => Promise<CommandResult>;
};

/** A command whose input is read through a schema. */
export function defineCommand<Schema extends z.ZodType>({
  input,
  run,
  changes,
  recorded = [],
  ...command
}: CommandDefinition<Schema>): Command {
  return {
    ...command,
    changes: changes !== undefined,
    recorded,
    prepare(given) {
      const parsed = input.safeParse(given);
      if (!parsed.success) return { problem: problemsIn(parsed.error) };
      const flow = typeof changes === 'function' ? changes(parsed.data) : changes;
      return { flow, run: (context) => run(parsed.data, context) };
    },
  };
}

type OfflineDefinition<Schema extends z.ZodType> = Pick<
  CommandDefinition<Schema>,
  'name' | 'summary' | 'usage' | 'input' | 'options'
> & { run: (input: z.output<Schema>, context: OfflineContext) => Promise<CommandResult> };

/** A command that needs neither a stage nor credentials, and changes nothing. */
export function defineOfflineCommand<Schema extends z.ZodType>({
  input,
  run,
  ...command
}: OfflineDefinition<Schema>): Command {
  return {
    ...command,
    changes: false,
    recorded: [],
    prepare(given) {
      const parsed = input.safeParse(given);
      return parsed.success
        ? { runOffline: (context) => run(parsed.data, context) }
        : { problem: problemsIn(parsed.error) };
    },
  };
}

function problemsIn({ issues }: z.ZodError): string {
  return issues
    .map(({ path, message, code }) =>
      code === 'too_big' && path.length === 1 && path[0] === 'arguments'
        ? 'there are too many arguments: quote what has spaces'
        : `${nameOf(path)}${message}`,
    )
    .join('; ');
}

function nameOf([option, ...rest]: readonly PropertyKey[]): string {
  if (option === undefined) return '';
  if (option === 'arguments') return `argument ${rest.map((place) => Number(place) + 1).join('')}: `;
  return `--${String(option)}: `;
}

/** The most items; 100 unless given. */
export const limit = positiveInteger.default(100);

/** The most items; `unlessGiven` by default. */
export function positiveLimit(unlessGiven: number) {
  return positiveInteger.default(unlessGiven);
}

/** Items a second. */
export function rate(perSecond: number) {
  return positiveInteger.default(perSecond);
}

/** Why somebody changes something by hand. */
export const reason = z
  .string({ error: 'says why, in up to 200 characters' })
  .trim()
  .min(1, 'says why, in up to 200 characters')
  .max(200, 'says why, in up to 200 characters')
  .regex(/^\P{Cc}*$/u, 'has no control characters');

/** A brand's id. */
export const brand = z.string({ error: 'names the brand' }).min(1);

/** An ISO 8601 instant, cut to seconds as Button's dates are. */
export const instant = z.iso
  .datetime({ offset: true, error: 'is an ISO 8601 instant such as 2026-01-31T00:00:00Z' })
  .transform((text) => new Date(text).toISOString().replace(/\.\d+Z$/, 'Z'));

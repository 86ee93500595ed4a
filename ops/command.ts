import * as z from 'zod';

import { positiveInteger } from '../shared/runtime/env.ts';
import type { OpsClients } from './clients.ts';
import type { DeployedStage } from './stage.ts';

/** What a command is carried out with. */
export type CommandContext = {
  stage: DeployedStage;
  clients: OpsClients;
  /** Nothing may be changed: say what would be. Always true of a command that changes nothing. */
  isDryRun: boolean;
  now: () => Date;
};

/**
 * What a command came to: `found` for what there is to see, and whether all of it was done; `refused` if what
 * was given would be refused; `unhealthy` if something has to be put right. Nothing personal stands in it
 * unless it was asked for.
 */
export type CommandResult = {
  outcome: 'done' | 'partial' | 'refused' | 'unhealthy' | 'not-found';
  found: Readonly<Record<string, unknown>>;
  /** `found` as a page for people; left out, it is printed field by field. */
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
  /** What of the command line goes into that record; never anything personal. */
  recorded: readonly string[];
  /** Reads the command line; `problem` says what is wrong with it. */
  prepare: (given: Record<string, unknown>) => PreparedCommand | { problem: string };
};

/** A command with its input read. */
export type PreparedCommand =
  StagePrepared | { runOffline: (context: OfflineContext) => Promise<CommandResult> };

/** What a command is carried out with that needs no stage. */
export type OfflineContext = {
  /** Standard input, to its end. */
  readInput: () => Promise<string>;
};

/** A command on a stage. */
export type StagePrepared = {
  /**
   * The flow in whose quarantine table the record of what was done stands; undefined for a command that
   * changes nothing.
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
  /** Options and, as `arguments`, what stands without one. */
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
  return issues.map(({ path, message }) => `${nameOf(path)}${message}`).join('; ');
}

function nameOf([option, ...rest]: readonly PropertyKey[]): string {
  if (option === undefined) return '';
  if (option === 'arguments') return `argument ${rest.map((place) => Number(place) + 1).join('')}: `;
  return `--${String(option)}: `;
}

/** At most so many; 100 unless told. */
export const limit = positiveInteger.default(100);

/** At most so many; `unlessGiven` where nobody says. */
export function positiveLimit(unlessGiven: number) {
  return positiveInteger.default(unlessGiven);
}

/** So many a second. */
export function rate(perSecond: number) {
  return positiveInteger.default(perSecond);
}

/** A brand's id. */
export const brand = z.string({ error: 'names the brand' }).min(1);

/** An ISO 8601 instant, cut to seconds as Button's dates are. */
export const instant = z.iso
  .datetime({ offset: true, error: 'is an ISO 8601 instant such as 2026-01-31T00:00:00Z' })
  .transform((text) => new Date(text).toISOString().replace(/\.\d+Z$/, 'Z'));

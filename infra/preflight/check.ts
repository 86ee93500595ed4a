import type { StageConfig } from '../config.ts';
import type { DeployedStack } from './deployed-stacks.ts';
import type { PreflightClients } from './clients.ts';

/** The result of a check: one line of the report. */
export type Finding =
  | { status: 'ok'; says: string }
  | { status: 'problem'; says: string; remedy: string }
  | { status: 'not-checked'; says: string; reason: string };

/** What checks use: the configuration, its target, and AWS with the caller's rights. */
export type PreflightContext = {
  config: StageConfig;
  account: string;
  region: string;
  /** The caller, as AWS names them. */
  caller: string;
  clients: PreflightClients;
  /** The existing stacks of this stage, with their resources. Rejects if they cannot be read. */
  stacks: () => Promise<readonly DeployedStack[]>;
  now: () => Date;
};

/** A check of one thing that can make a deployment fail. It only reads. */
export type Check = {
  name: string;
  /** What it checks and why, for people without credentials at hand. */
  explains: string;
  /** What it found. Rejects with AWS's error if it lacks a right. */
  run: (context: PreflightContext) => Promise<Finding[]>;
};

/** It is right. */
export function ok(says: string): Finding {
  return { status: 'ok', says };
}

/** It would fail, and how to fix it. */
export function problem(says: string, remedy: string): Finding {
  return { status: 'problem', says, remedy };
}

/** It could not be checked, and why. */
export function notChecked(says: string, reason: string): Finding {
  return { status: 'not-checked', says, reason };
}

/** AWS's answer, or undefined if AWS says that there is no such resource. Rejects with every other error. */
export async function unlessMissing<Answer>(
  asking: Promise<Answer>,
  missing: readonly string[],
): Promise<Answer | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof Error && missing.includes(error.name)) return undefined;
    throw error;
  }
}

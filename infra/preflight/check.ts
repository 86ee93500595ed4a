import type { StageConfig } from '../config.ts';
import type { DeployedStack } from './deployed-stacks.ts';
import type { PreflightClients } from './clients.ts';

/** What a check came to: one line of the report. */
export type Finding =
  | { status: 'ok'; says: string }
  | { status: 'problem'; says: string; remedy: string }
  | { status: 'not-checked'; says: string; reason: string };

/** What checks look at: the configuration, where it goes, and AWS as the caller may read it. */
export type PreflightContext = {
  config: StageConfig;
  account: string;
  region: string;
  /** Who asks, as AWS knows them. */
  caller: string;
  clients: PreflightClients;
  /** The stacks of this stage that exist, with what they are made of. Rejects if they can't be read. */
  stacks: () => Promise<readonly DeployedStack[]>;
  now: () => Date;
};

/** One thing that can make a deployment fail. It only reads. */
export type Check = {
  name: string;
  /** What it looks at and why: for those who have no credentials at hand. */
  explains: string;
  /** What it found. Rejects with AWS's error where it may not look. */
  run: (context: PreflightContext) => Promise<Finding[]>;
};

/** It is as it should be. */
export function ok(says: string): Finding {
  return { status: 'ok', says };
}

/** It would fail, and how to put it right. */
export function problem(says: string, remedy: string): Finding {
  return { status: 'problem', says, remedy };
}

/** Nobody knows, and why. */
export function notChecked(says: string, reason: string): Finding {
  return { status: 'not-checked', says, reason };
}

/**
 * What AWS answers, or undefined where it says that there is no such resource. Rejects with every other
 * error.
 */
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

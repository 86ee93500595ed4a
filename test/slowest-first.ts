import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The files that take longest, in this order. They start first, so that no process works alone at the end.
 */
const SLOWEST = ['local/start', 'flows/', 'alarms/', 'functions/transactions-requirements', 'crash/'];

/** Runs the files of `SLOWEST` first and the others as Vitest would order them. */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const ordered = await super.sort(files);
    return ordered.toSorted((one, other) => rankOf(one) - rankOf(other));
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const rank = SLOWEST.findIndex((part) => moduleId.includes(`/test/${part}`));
  return rank === -1 ? SLOWEST.length : rank;
}

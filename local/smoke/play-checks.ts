import type { AccountCheck, CheckedStage } from './account-checks.ts';

/** A check and what came of it; `byHand` has still to be done by somebody. */
export type CheckResult = { check: AccountCheck; outcome: 'passed' | 'failed' | 'byHand'; seen: string };

/** Plays the checks, one after the other. One that fails does not keep the others from being played. */
export async function playChecks(
  checks: readonly AccountCheck[],
  checked: CheckedStage,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) results.push(await playCheck(check, checked));
  return results;
}

async function playCheck(check: AccountCheck, checked: CheckedStage): Promise<CheckResult> {
  if ('byHand' in check) return { check, outcome: 'byHand', seen: check.byHand };
  try {
    return { check, outcome: 'passed', seen: await check.look(checked) };
  } catch (error) {
    return { check, outcome: 'failed', seen: error instanceof Error ? error.message : String(error) };
  }
}

const SIGN = { passed: '✔ seen', failed: '✘ seen', byHand: '– do' };

/** The checks as lines to read: what, what is expected, what was seen or is to be done, and the source. */
export function describeResults(results: readonly CheckResult[]): string[] {
  return results.flatMap(({ check: { title, expected, source }, outcome, seen }) => [
    '',
    title,
    `   expected: ${expected}`,
    `   ${SIGN[outcome]}: ${seen}`,
    `   ${source}`,
  ]);
}

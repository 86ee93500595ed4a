import { notChecked, type Check, type Finding, type PreflightContext } from './check.ts';
import { CHECKS } from './checks.ts';

/** What a check found, as the report shows it. */
export type CheckReport = { check: string; explains: string; findings: Finding[] };

/** Runs every check, one after the other. A check without rights says so; the others continue. */
export async function runChecks(context: PreflightContext): Promise<CheckReport[]> {
  const reports: CheckReport[] = [];
  for (const check of CHECKS) reports.push(await runCheck(check, context));
  return reports;
}

/** Every check, not run for the same reason. */
export function explainChecks(reason: string): CheckReport[] {
  return CHECKS.map(({ name, explains }) => ({
    check: name,
    explains,
    findings: [notChecked(explains, reason)],
  }));
}

async function runCheck({ name, explains, run }: Check, context: PreflightContext): Promise<CheckReport> {
  try {
    return { check: name, explains, findings: await run(context) };
  } catch (error) {
    const reason =
      error instanceof Error ? `AWS answered ${error.name}: ${error.message}` : 'AWS gave no answer.';
    return { check: name, explains, findings: [notChecked(explains, reason)] };
  }
}

/** One line for each finding, and under it what to do. */
export function asText(reports: readonly CheckReport[]): string {
  const lines = reports.flatMap(({ check, findings }) => findings.flatMap((it) => linesOf(check, it)));
  return `${lines.join('\n')}\n`;
}

function linesOf(check: string, finding: Finding): string[] {
  const line = `${LABELS[finding.status]}  ${check}: ${finding.says}`;
  switch (finding.status) {
    case 'ok':
      return [line];
    case 'problem':
      return [line, `${INDENT}Remedy: ${finding.remedy}`];
    case 'not-checked':
      return [line, `${INDENT}Why: ${finding.reason}`];
  }
}

const LABELS = { ok: 'ok         ', problem: 'problem    ', 'not-checked': 'not checked' } as const;
const INDENT = ' '.repeat(13);

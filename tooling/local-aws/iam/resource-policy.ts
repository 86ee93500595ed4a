import { evaluate } from './evaluate.ts';
import type { AccessRequest, Verdict } from './evaluate.ts';
import type { ResourceStatement } from './policy-document.ts';

/** Who asks: a role or user by its ARN, or a service of AWS by its name. */
export type Principal = { arn: string } | { service: string };

/**
 * Decides by the policy of the resource alone. Pure.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 */
export function evaluateResourcePolicy(
  statements: readonly ResourceStatement[],
  principal: Principal,
  request: AccessRequest,
): Verdict {
  return evaluate(
    statements.filter((statement) => concerns(statement, principal)),
    request,
  );
}

function concerns({ Principal }: ResourceStatement, principal: Principal): boolean {
  if (Principal.AWS.includes('*')) return true;
  if ('service' in principal) return Principal.Service.includes(principal.service);
  const account = accountOf(principal.arn);
  return [principal.arn, account, principal.arn.replace(/:[^:]*$/u, ':root')].some((named) =>
    Principal.AWS.includes(named),
  );
}

/** The account in an ARN, for example `111122223333`. */
export function accountOf(arn: string): string {
  return arn.split(':')[4] ?? '';
}

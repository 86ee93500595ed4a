const DENIED = /^(AccessDenied|AccessDeniedException|AuthorizationError|AuthorizationErrorException)$/;
const WHAT = /not authorized to perform: (\S+) on resource: (\S+)/;

/** Whether AWS refused a call because the caller lacks the right. */
export function isAccessDenied(error: unknown): error is Error {
  return error instanceof Error && DENIED.test(error.name);
}

/**
 * What to say to somebody whose credentials lack a right: which one, and which of the stage's policies has
 * it.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
export function denialInWords(
  { message }: Error,
  { outputNames, isChange }: { outputNames: readonly string[]; isChange: boolean },
): string {
  const [, action, resource] = WHAT.exec(message) ?? [];
  const right = action === undefined ? '' : `: they lack ${action} on ${resource ?? ''}`;
  const kind = isChange ? 'OperatorsPolicyArn' : 'ReadersPolicyArn';
  const policies = outputNames.filter((name) => name.endsWith(kind));
  const remedy =
    policies.length === 0 ? '' : ` What it needs is in the policy of the output ${policies.join(' or ')}.`;
  return `Your credentials do not allow this${right}.${remedy}`;
}

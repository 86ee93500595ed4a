import { isAccessDenied } from '../access-denied.ts';
import { UsageError } from '../usage-error.ts';

/** The result of a check. */
export type Verdict =
  | { state: 'ok'; says: string }
  /** Something needs attention. */
  | { state: 'problem'; says: string; remedy: string }
  /** The check was not possible. */
  | { state: 'unknown'; says: string; remedy: string };

/** One line of the doctor: what was looked at, and what was found. */
export type CheckLine = { check: string } & Verdict;

/** Nothing is wrong. */
export function ok(says: string): Verdict {
  return { state: 'ok', says };
}

/** Something needs attention: `remedy` says how to fix it. */
export function problem(says: string, remedy: string): Verdict {
  return { state: 'problem', says, remedy };
}

/** The result is unknown: `remedy` says how to find out. */
export function unknown(says: string, remedy: string): Verdict {
  return { state: 'unknown', says, remedy };
}

/**
 * One line of the doctor. `right` is the right that the check needs at AWS, in the words of a policy. Any
 * error of AWS becomes a line: never throws.
 */
export async function check(
  { name, right }: { name: string; right: string },
  judge: () => Promise<Verdict>,
): Promise<CheckLine> {
  try {
    return { check: name, ...(await judge()) };
  } catch (error) {
    return { check: name, ...verdictOf(error, right) };
  }
}

const ABSENT = /^(ResourceNotFoundException|QueueDoesNotExist|NotFoundException)$/;
const NO_CREDENTIALS =
  /^(CredentialsProviderError|ExpiredToken|ExpiredTokenException|InvalidClientTokenId|UnrecognizedClientException|InvalidSignatureException)$/;

/** Source: the common errors of AWS's service API references. */
function verdictOf(error: unknown, right: string): Verdict {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  if (isAccessDenied(error))
    return unknown('Your credentials do not allow this check.', `Ask for this right: ${right}.`);
  if (NO_CREDENTIALS.test(name))
    return problem(`AWS rejects your credentials (${name}).`, 'Sign in again, or set AWS_PROFILE.');
  if (ABSENT.test(name))
    return problem('It does not exist.', 'Deploy, and use the outputs file of that deployment.');
  if (error instanceof UsageError)
    return problem(message, 'Use the credentials and the outputs file of one deployment of this code.');
  if (isRefusedConnection(error))
    return problem('Nothing answers there.', 'Is the system running? On this machine: npm start');
  return unknown(`The check failed: ${name}${message === '' ? '' : `: ${message}`}`, `It needs ${right}.`);
}

function isRefusedConnection(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
}

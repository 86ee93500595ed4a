import { ok, problem, unknown, type Verdict } from './check.ts';
import type { ProbeAnswer } from './webhook-probe.ts';

const DAY_MS = 86_400_000;
/** AWS renews its certificates 60 days before their end. */
const LEAST_DAYS_LEFT = 14;

/** What the response to a probe says about the webhook URL; `isSigned`: it was a signed Ping. Pure. */
export function judgeAnswer(
  { status, certificateUntil }: ProbeAnswer,
  { url, isSigned, at }: { url: string; isSigned: boolean; at: Date },
): Verdict {
  const daysLeft = certificateUntil && Math.floor((certificateUntil.getTime() - at.getTime()) / DAY_MS);
  const certificate = daysLeft === undefined ? '' : ` Its certificate is valid for ${daysLeft} more days.`;
  if (daysLeft !== undefined && daysLeft < LEAST_DAYS_LEFT)
    return problem(
      `${url} answers.${certificate}`,
      'Find out why ACM does not renew it: its DNS record may be gone.',
    );
  if (!isSigned)
    return unknown(
      `${url} answers (${status}).${certificate} Without a secret, the doctor cannot check whether it accepts webhooks.`,
      'Set the webhook secrets, or ask for the right to read them.',
    );
  if (status === 200) return ok(`${url} accepts a signed Ping.${certificate}`);
  return problem(`${url} answers a signed Ping with ${status}.${certificate}`, REMEDIES[status] ?? SEE_LOG);
}

const SEE_LOG = 'See "Webhooks fail" in docs/runbook.md.';
const REMEDIES: Readonly<Record<number, string>> = {
  401: 'The function reads a new secret within a minute. After that, check that it reads this secret.',
  404: 'The gateway does not know this path: deploy, and use the outputs file of that deployment.',
  429: 'The gateway throttles: raise transactions.throttle.',
};

/**
 * Why nothing answered. Pure.
 *
 * Source: the codes of OpenSSL's verification and of name look-ups in the documentation of Node.js.
 */
export function judgeFailure(error: unknown, url: string): Verdict {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  if (/CERT|SIGNATURE|ALTNAME/.test(code))
    return problem(
      `The certificate of ${url} is not valid (${code}).`,
      "Fix the certificate of transactions.webhookDomain, or the host's DNS record.",
    );
  return problem(
    `${url} cannot be reached (${code}).`,
    code === 'ENOTFOUND'
      ? "Point the host's CNAME or ALIAS record to the output WebhookDomainTarget."
      : 'Is the stage deployed, and this machine online?',
  );
}

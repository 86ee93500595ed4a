import * as z from 'zod';

import type { WebhookSecret } from '@button-serverless/validation/webhooks';

const trimmedText = z.string().trim().min(1);
const WebhookSecretSchema = z.object({ name: trimmedText, secret: trimmedText });

/**
 * Reads the secret that holds the webhooks' secrets, a JSON list of `{name, secret}`, each without the white
 * space around it. Skips malformed entries; undefined if none is valid.
 */
export function parseWebhookSecrets(text: string): WebhookSecret[] | undefined {
  const entries = readEntries(text) ?? [];
  const secrets = entries.flatMap((entry) => WebhookSecretSchema.safeParse(entry).data ?? []);
  return secrets.length === 0 ? undefined : secrets;
}

/**
 * The valid entries of a malformed list, together with the last list without a problem: a mistake takes no
 * secret out of use.
 */
export function withLastValidSecrets(
  valid: readonly WebhookSecret[] | undefined,
  lastValid: readonly WebhookSecret[],
): WebhookSecret[] {
  const known = new Set(valid?.map(({ secret }) => secret));
  return [...(valid ?? []), ...lastValid.filter(({ secret }) => !known.has(secret))];
}

/**
 * Says what is wrong with the secret that holds the webhooks' secrets: one sentence for each malformed entry,
 * with its position from 1 and its name if that is valid. Never quotes a secret, nor any value that may be
 * one.
 */
export function webhookSecretProblems(text: string): string[] {
  const entries = readEntries(text);
  if (entries === undefined) return ['The secret is not a JSON list of {"name", "secret"}'];
  if (entries.length === 0) return ['The list is empty'];
  return entries.flatMap((entry, index) => {
    const parsed = WebhookSecretSchema.safeParse(entry);
    if (parsed.success) return [];
    const fields = [...new Set(parsed.error.issues.map(({ path: [field] }) => field))];
    const problem =
      fields[0] === undefined
        ? 'is not an object'
        : `has no usable text in ${fields.map((field) => JSON.stringify(field)).join(' and ')}`;
    return [`Entry ${index + 1}${nameOf(entry)} ${problem}`];
  });
}

/**
 * A name is quoted only from an entry in the right form: any other entry might have a secret in the wrong
 * place.
 */
function nameOf(entry: unknown): string {
  const named = z
    .strictObject({ name: z.string().regex(/^[\w.-]{1,32}$/), secret: z.unknown() })
    .safeParse(entry);
  return named.success ? ` (${named.data.name})` : '';
}

function readEntries(text: string): unknown[] | undefined {
  try {
    return z.array(z.unknown()).safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

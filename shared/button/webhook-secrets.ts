import * as z from 'zod';

import type { WebhookSecret } from './signature.ts';

const WebhookSecretsSchema = z.array(z.object({ name: z.string().min(1), secret: z.string().min(1) })).min(1);

/** Reads the secret that holds the webhooks' secrets, a JSON list of `{name, secret}`; undefined if it is not that. */
export function parseWebhookSecrets(text: string): WebhookSecret[] | undefined {
  try {
    return WebhookSecretsSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

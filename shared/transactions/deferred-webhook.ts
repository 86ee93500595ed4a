import * as z from 'zod';

import { packText, unpackText } from '../dynamodb/packed-json.ts';

/** An authentic webhook that waits for a table that could not be reached. */
export type DeferredWebhook = { body: Uint8Array; receivedAt: string };

const DeferredWebhookSchema = z.object({ deflatedBody: z.base64(), receivedAt: z.iso.datetime() });

/** The queue message that carries a webhook: its exact bytes, deflated. */
export function deferredMessage({ body, receivedAt }: DeferredWebhook): string {
  const deflatedBody = Buffer.from(packText(body)).toString('base64');
  return JSON.stringify({ deflatedBody, receivedAt } satisfies z.input<typeof DeferredWebhookSchema>);
}

/** Reads what `deferredMessage` wrote. Throws on anything else: nobody else may write to that queue. */
export function readDeferredMessage(message: string): DeferredWebhook {
  const { deflatedBody, receivedAt } = DeferredWebhookSchema.parse(JSON.parse(message));
  return { body: unpackText(Buffer.from(deflatedBody, 'base64')), receivedAt };
}

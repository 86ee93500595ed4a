import * as z from 'zod';

import { positiveInteger } from '../../shared/runtime/env.ts';

/** The environment of the function that delivers events over HTTP. */
export const EnvironmentSchema = z.object({
  /** Where events are sent to. */
  DELIVERY_URL: z.url(),
  /** The total deadline of one request, in milliseconds. */
  DELIVERY_TIMEOUT_MS: positiveInteger,
  /** The signing secrets: one or more `whsec_...`. */
  DELIVERY_SECRETS_ID: z.string().min(1),
  /** The queue that it works on. */
  REWARD_QUEUE_URL: z.url(),
});

/** What the stack must supply. */
export type Environment = z.input<typeof EnvironmentSchema>;

import * as z from 'zod';

import type { OrderEventSettings } from './order-rules.ts';

const SettingsSchema = z.object({
  orderBy: z.enum(['sequence', 'time']),
  testTokens: z.enum(['allow', 'refuse', 'require']),
  allowFinalizationDate: z.boolean(),
});

/**
 * Reads the output `OrderSettings<Brand>` of a brand's stack: what its reporter accepts, as JSON. Throws
 * `RangeError` for anything else.
 */
export function readBrandSettings(output: string): OrderEventSettings {
  const settings = SettingsSchema.safeParse(parseJson(output));
  if (settings.success) return settings.data;
  throw new RangeError("brandSettings must be the output OrderSettings<Brand> of the brand's stack");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import * as z from 'zod';

import type { OrderEventSettings } from './order-rules.ts';

const SettingsSchema = z.object({
  orderBy: z.enum(['sequence', 'time']),
  testTokens: z.enum(['allow', 'refuse', 'require']),
  allowFinalizationDate: z.boolean(),
});

/**
 * Reads what a brand's reporter accepts: the output `OrderSettings<Brand>` of its stack, which is JSON, or
 * the same as an object. Throws `RangeError` for anything else.
 */
export function readBrandSettings(brandSettings: string | OrderEventSettings): OrderEventSettings {
  const content = typeof brandSettings === 'string' ? parseJson(brandSettings) : brandSettings;
  const settings = SettingsSchema.safeParse(content);
  if (settings.success) return settings.data;
  throw new RangeError(
    "brandSettings must be the output OrderSettings<Brand> of the brand's stack, or DEFAULT_ORDER_SETTINGS",
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

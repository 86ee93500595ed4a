import type * as z from 'zod';

import type { StageConfigSchema } from '../config.ts';

const BRAND = { orderReporting: { brands: [{ id: 'acme' }] } };
const PUBLISHER = { transactions: {} };

/**
 * The three kinds of deployment, each with data that is deleted with its stacks and with data that is kept.
 */
export const CONFIGURATIONS: { name: string; config: z.input<typeof StageConfigSchema> }[] = [
  'development',
  'production',
].flatMap((stage) => [
  { name: `a brand, ${stage}`, config: { stage, ...BRAND } },
  { name: `a publisher, ${stage}`, config: { stage, ...PUBLISHER } },
  { name: `both, ${stage}`, config: { stage, ...BRAND, ...PUBLISHER } },
]);

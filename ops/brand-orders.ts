import * as z from 'zod';

import { brandName } from '../infra/order-reporting-config.ts';
import type { OrderEventSettings } from '@button-serverless/validation/orders';
import { createOrderLedger, type OrderLedger } from '../shared/orders/store/order-ledger-store.ts';
import type { CommandContext } from './command.ts';

/** The ledger of a brand. Throws a `UsageError` if the stage does not report that brand's orders. */
export function openLedger(brandId: string, { stage, clients }: CommandContext): OrderLedger {
  const table = stage.output('OrderLedgerTableName');
  stage.output(`OrderQueueUrl${brandName(brandId)}`);
  return createOrderLedger({ client: clients.dynamodb, table, brand: brandId });
}

const SettingsSchema = z.object({
  orderBy: z.enum(['sequence', 'time']),
  testTokens: z.enum(['allow', 'refuse', 'require']),
  allowFinalizationDate: z.boolean(),
  quarantineRetentionDays: z.number(),
  buttonApiUrl: z.url(),
});

/**
 * The rules of a brand as its reporter uses them, how long its refused messages are kept, and Button's URL.
 */
export function settingsOf(
  brandId: string,
  { stage }: CommandContext,
): OrderEventSettings & { quarantineRetentionDays: number; buttonApiUrl: string } {
  return SettingsSchema.parse(JSON.parse(stage.output(`OrderSettings${brandName(brandId)}`)));
}

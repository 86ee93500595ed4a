import * as z from 'zod';

import { brandName } from '../infra/order-reporting-config.ts';
import type { OrderEventSettings } from '@button-serverless/validation/orders';
import { createOrderLedger, type OrderLedger } from '../shared/orders/store/order-ledger-store.ts';
import type { CommandContext } from './command.ts';
import type { DeployedStage } from './stage.ts';
import { suggestion } from './suggestion.ts';
import { UsageError } from './usage-error.ts';

/** The outputs that each brand of a stage has. */
type BrandOutput = 'ApiKeySecretArn' | 'OrderQueueUrl' | 'OrderSettings';

/**
 * A brand's output. Throws a `UsageError` if the stage does not report that brand's orders. The id is
 * compared exactly: names of outputs are the same for `acme` and `Acme`, and keys in the tables are not.
 */
export function brandOutput(
  stage: Pick<DeployedStage, 'name' | 'brands' | 'output'>,
  output: BrandOutput,
  brandId: string,
): string {
  if (!stage.brands.includes(brandId))
    throw new UsageError(
      `The stage ${stage.name} has no brand "${brandId}".${suggestion(brandId, stage.brands)}`,
    );
  return stage.output(`${output}${brandName(brandId)}`);
}

/** The ledger of a brand. Throws a `UsageError` if the stage does not report that brand's orders. */
export function openLedger(brandId: string, { stage, clients }: CommandContext): OrderLedger {
  const table = stage.output('OrderLedgerTableName');
  brandOutput(stage, 'OrderQueueUrl', brandId);
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
  return SettingsSchema.parse(JSON.parse(brandOutput(stage, 'OrderSettings', brandId)));
}

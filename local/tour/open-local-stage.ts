import * as z from 'zod';

import { readConfig } from '../read-config.ts';
import type { LocalSystem } from '../system.ts';
import { connectSimulator } from './simulator-control.ts';
import { openStage, type OpenStage, type TokenPrefix } from './stage.ts';

const BrandsSchema = z.object({
  orderReporting: z.object({
    brands: z.tuple(
      [z.object({ id: z.string(), testTokens: z.enum(['allow', 'refuse', 'require']).default('refuse') })],
      z.unknown(),
    ),
  }),
});

/** The stage of a system on this machine, with the flows of its configuration, in `configFile`. */
export async function openLocalStage(system: LocalSystem, configFile: string): Promise<OpenStage> {
  const { tables, orderQueueUrl, webhookUrl, buttonControlUrl, sqsEndpoint, dynamodbEndpoint } =
    system.endpoints;
  const flows = { orders: orderQueueUrl !== undefined, transactions: webhookUrl !== undefined };
  const { OrderLedger = '', OrderQuarantine = '', Transactions = '' } = tables;
  const brand = flows.orders ? await firstBrand(configFile) : undefined;
  return openStage({
    flows,
    brand: brand?.id ?? '',
    tokenPrefix: tokenPrefixOf(brand),
    orderQueueUrl: orderQueueUrl ?? '',
    webhookUrl: webhookUrl ?? '',
    tables: { orderLedger: OrderLedger, orderQuarantine: OrderQuarantine, transactions: Transactions },
    sqsEndpoint,
    dynamodbEndpoint,
    reconcile: system.reconcile,
    events: system.events,
    rewardQueueUrl: system.endpoints.rewardQueueUrl,
    simulator: buttonControlUrl === undefined ? undefined : connectSimulator(buttonControlUrl),
  });
}

/** The tokens that a brand accepts. */
export function tokenPrefixOf(brand: FirstBrand | undefined): TokenPrefix {
  return brand?.testTokens === 'refuse' ? 'srctok' : 'fakesrctok';
}

type FirstBrand = z.infer<typeof BrandsSchema>['orderReporting']['brands'][0];

/** The brand whose queue is the first. */
export async function firstBrand(configFile: string): Promise<FirstBrand> {
  const config = BrandsSchema.parse(await readConfig(configFile));
  return config.orderReporting.brands[0];
}

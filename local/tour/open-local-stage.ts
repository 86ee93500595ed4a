import * as z from 'zod';

import { readConfig } from '../read-config.ts';
import type { LocalSystem } from '../system.ts';
import { connectSimulator } from './simulator-control.ts';
import { openStage, type OpenStage } from './stage.ts';

const BrandsSchema = z.object({
  orderReporting: z.object({ brands: z.tuple([z.object({ id: z.string() })], z.unknown()) }),
});

/**
 * The stage of a system on this machine. Throws an error for people if its configuration, in `configFile`,
 * lacks one of the flows.
 */
export async function openLocalStage(system: LocalSystem, configFile: string): Promise<OpenStage> {
  const { tables, orderQueueUrl, webhookUrl, buttonControlUrl, sqsEndpoint, dynamodbEndpoint } =
    system.endpoints;
  const { OrderLedger, OrderQuarantine, Transactions } = tables;
  if (!orderQueueUrl || !webhookUrl || !OrderLedger || !OrderQuarantine || !Transactions) {
    throw new Error('The tour needs both flows; start this configuration with --no-tour.');
  }
  return openStage({
    brand: await firstBrand(configFile),
    orderQueueUrl,
    webhookUrl,
    tables: { orderLedger: OrderLedger, orderQuarantine: OrderQuarantine, transactions: Transactions },
    sqsEndpoint,
    dynamodbEndpoint,
    reconcile: system.reconcile,
    events: system.events,
    rewardQueueUrl: system.endpoints.rewardQueueUrl,
    simulator: buttonControlUrl === undefined ? undefined : connectSimulator(buttonControlUrl),
  });
}

/** The id of the brand whose queue is the first. */
async function firstBrand(configFile: string): Promise<string> {
  const config = BrandsSchema.parse(await readConfig(configFile));
  return config.orderReporting.brands[0].id;
}

import { join } from 'node:path';

import { awsVariables } from './describe-endpoints.ts';
import type { Endpoints } from './system.ts';
import { firstBrand, tokenPrefixOf } from './tour/open-local-stage.ts';
import { orderMessage, sampleOrder } from './tour/sample-order.ts';
import { writeWhole } from './write-whole.ts';

/** Writes what the printed commands name: an order to send, and what AWS's tools need to know. */
export async function writeHelpers(
  folder: string,
  { endpoints, config }: { endpoints: Endpoints; config: string },
): Promise<void> {
  await writeWhole(join(folder, 'aws.sh'), awsVariables(endpoints));
  if (endpoints.orderQueueUrl === undefined) return;
  const order = sampleOrder(`my-order-${Date.now()}`, tokenPrefixOf(await firstBrand(config)));
  const message = { ...orderMessage('order.created.v1', 1, order), time: new Date().toISOString() };
  await writeWhole(join(folder, 'order.json'), JSON.stringify(message, null, 2));
}

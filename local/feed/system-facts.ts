import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';

import { ordersOfEveryBrand } from '../../shared/orders/store/order-ledger-scan.ts';
import { createQuarantineReview } from '../../shared/quarantine/quarantine-review.ts';
import { formatAmount } from '../tour/amounts.ts';
import type { Endpoints, LocalSystem } from '../system.ts';
import type { Fact } from './fact.ts';
import { orderFacts, refusalFact } from './order-facts.ts';

/** What a system on this machine has done so far. */
export type FactReader = {
  /** Every fact that can still be seen, roughly in the order of events. Throws while the system ends. */
  read: () => Promise<Fact[]>;
  close: () => void;
};

/** Opens a reader of what happens in a system: its tables, its bus, its alarms and the simulator. */
export function createFactReader(system: LocalSystem): FactReader {
  const { endpoints } = system;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({
    region: 'us-east-1',
    endpoint: endpoints.dynamodbEndpoint,
    credentials,
  });
  return {
    read: async () => [
      ...(await ordersSeen(client, endpoints)),
      ...(await refusalsSeen(client, endpoints)),
      ...(await webhooksSeen(endpoints)),
      ...eventsSeen(system),
      ...alarmsSeen(system),
    ],
    close: () => {
      client.destroy();
    },
  };
}

async function ordersSeen(client: DynamoDBClient, { tables }: Endpoints): Promise<Fact[]> {
  const table = tables['OrderLedger'];
  if (table === undefined) return [];
  const facts: Fact[] = [];
  for await (const state of ordersOfEveryBrand({ client, table })) facts.push(...orderFacts(state));
  return facts;
}

async function refusalsSeen(client: DynamoDBClient, { tables, brands }: Endpoints): Promise<Fact[]> {
  const kinds = [
    ...brands.map((brand) => ({ table: tables['OrderQuarantine'], kind: `order#${brand}` })),
    ...['webhook', 'row'].map((kind) => ({ table: tables['WebhookQuarantine'], kind })),
  ];
  const facts: Fact[] = [];
  for (const { table, kind } of kinds) {
    if (table === undefined) continue;
    const { entries } = await createQuarantineReview({ client, table }).list(kind, { pageSize: 1000 });
    facts.push(...entries.map(refusalFact));
  }
  return facts;
}

const DeliveriesSchema = z.array(
  z.object({
    id: z.string(),
    eventType: z.string(),
    attempts: z.array(z.object({ requestId: z.string(), status: z.number().nullish() })),
  }),
);

/** What the simulator sent, and what the receiver answered. */
async function webhooksSeen({ buttonControlUrl }: Endpoints): Promise<Fact[]> {
  if (buttonControlUrl === undefined) return [];
  const answer: unknown = await (await fetch(`${buttonControlUrl}/webhooks`)).json();
  return DeliveriesSchema.parse(answer).flatMap(({ id, eventType, attempts }) =>
    attempts.map(({ requestId, status }): Fact => {
      const result = typeof status === 'number' ? `answered ${status}` : 'not answered';
      return {
        key: `webhook ${id} ${requestId}`,
        about: 'webhook',
        text: `${eventType} (${id}): ${result}`,
        mood: status === 200 ? 'good' : 'bad',
      };
    }),
  );
}

const DetailSchema = z.object({
  transactionKey: z.string(),
  version: z.number(),
  amountMinor: z.number().nullish(),
  currency: z.string().nullish(),
});

function eventsSeen({ events }: LocalSystem): Fact[] {
  return events().map((event): Fact => {
    const detail = DetailSchema.safeParse(event.detail).data;
    const { amountMinor, currency } = detail ?? {};
    const amount =
      typeof amountMinor === 'number' && typeof currency === 'string'
        ? `, commission ${formatAmount(amountMinor, currency)}`
        : '';
    const what = detail ? `${detail.transactionKey}, version ${detail.version}${amount}` : '';
    return {
      key: `event ${event.id}`,
      about: 'event',
      text: `${event['detail-type']}: ${what}`,
      mood: 'good',
    };
  });
}

function alarmsSeen({ cloudWatch }: LocalSystem): Fact[] {
  return cloudWatch
    .describeAlarms(Date.now())
    .filter(({ state }) => state === 'ALARM')
    .map(({ name }): Fact => ({ key: `alarm ${name}`, about: 'alarm', text: `${name} is on`, mood: 'bad' }));
}

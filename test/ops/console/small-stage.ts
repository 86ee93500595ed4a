import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

import { createOrderLedger } from '../../../shared/orders/store/order-ledger-store.ts';
import { createQuarantineStore } from '../../../shared/quarantine/quarantine-store.ts';
import { createTransactionStore } from '../../../shared/transactions/store/transaction-store.ts';
import { serveCloudWatch } from '../../../tooling/local-aws/emulators/cloudwatch-api.ts';
import { createCloudWatch } from '../../../tooling/local-aws/cloudwatch/cloudwatch.ts';
import { readAlarm } from '../../../tooling/local-aws/cloudwatch/alarm-definition.ts';
import { createAccessControl } from '../../../tooling/local-aws/iam/access-control.ts';
import { startDynamoDbModel } from '../../../tooling/local-aws/models/dynamodb-server.ts';
import { startSqsModel } from '../../../tooling/local-aws/models/sqs-server.ts';
import { createTestTables } from '../../emulators/dynamodb.ts';
import { recordOf, sampleEntry, SHOPPER } from '../timeline/samples.ts';

const REGION = 'us-east-1';
const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

/** A stage without functions: the tables, the order queue and the alarms, with the code that fills them. */
export type SmallStage = {
  outputsFile: string;
  endpoints: { dynamodb: string; sqs: string; cloudWatch: string };
  orders: ReturnType<typeof createOrderLedger>;
  transactions: ReturnType<typeof createTransactionStore>;
  quarantine: ReturnType<typeof createQuarantineStore>;
  /** The bodies of the messages on the order queue. */
  receive: () => Promise<string[]>;
  close: () => Promise<void>;
};

/** Starts it over the models of DynamoDB and SQS, with one sample of each kind. */
export async function startSmallStage(name = 'local'): Promise<SmallStage> {
  const directory = await mkdtemp(join(tmpdir(), 'button-console-'));
  const [dynamodb, sqs] = await Promise.all([startDynamoDbModel(REGION), startSqsModel(REGION)]);
  const cloudWatch = createCloudWatch(Date.now());
  cloudWatch.alarms.push(
    alarm(`Button/${name}/Brand-acme/Quarantine`, 'breaching'),
    alarm(`Button/${name}/Brand-acme/Calm`, 'notBreaching'),
    alarm('Button/another/Brand-acme/Quarantine', 'breaching'),
  );
  const metrics = await serveCloudWatch(cloudWatch, createAccessControl());
  const client = new DynamoDBClient({
    region: REGION,
    endpoint: dynamodb.endpoint,
    credentials: CREDENTIALS,
  });
  const queues = new SQSClient({ region: REGION, endpoint: sqs.endpoint, credentials: CREDENTIALS });
  const tables = await createTestTables(client);
  const { QueueUrl: queueUrl = '' } = await queues.send(
    new CreateQueueCommand({ QueueName: 'orders.fifo', Attributes: { FifoQueue: 'true' } }),
  );
  const outputsFile = join(directory, 'cdk-outputs.json');
  const endpoints = { dynamodb: dynamodb.endpoint, sqs: sqs.endpoint, cloudWatch: metrics.url };
  await writeFile(outputsFile, JSON.stringify(outputsOf(name, { endpoints, tables, queueUrl })));
  const stage: SmallStage = {
    outputsFile,
    endpoints,
    orders: createOrderLedger({ client, table: tables.orderLedger, brand: 'acme' }),
    transactions: createTransactionStore({
      client,
      table: tables.transactions,
      shopperField: 'publisher_customer_id',
    }),
    quarantine: createQuarantineStore({ client, table: tables.quarantine, retentionDays: 30 }),
    async receive() {
      const { Messages: messages = [] } = await queues.send(
        new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
      );
      return messages.map(({ Body: body = '' }) => body);
    },
    async close() {
      client.destroy();
      queues.destroy();
      await Promise.all([dynamodb.close(), sqs.close(), metrics.close()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
  await fill(stage);
  return stage;
}

async function fill({ orders, transactions, quarantine }: SmallStage): Promise<void> {
  await orders.write(sampleEntry({ state: 'settled' }), 0);
  await transactions.write(recordOf({ button_order_id: 'btnorder-1' }), 0);
  await quarantine.put({
    kind: 'order#acme',
    id: 'message-of-B08',
    bytes: JSON.stringify(orderOf('B08')),
    reasons: [
      { code: 'total_not_sum', path: '$.data.total', problem: 'The total is not the sum of the lines.' },
    ],
    refusedAt: '2026-06-01T12:00:00.000Z',
    origin: 'sqs:message-of-B08',
    orderId: 'B08',
  });
}

/** A valid message: what it was refused for has been corrected since. */
function orderOf(id: string): object {
  return {
    specversion: '1.0',
    id: `${id}-1`,
    source: 'https://shop.example/test',
    type: 'order.created.v1',
    subject: id,
    sequence: '1',
    data: {
      order_id: id,
      total: 1234,
      currency: 'USD',
      purchase_date: '2026-06-01T11:00:00Z',
      customer: { id: SHOPPER },
      btn_ref: 'fakesrctok-abcdef0123456789',
      line_items: [{ identifier: 'sku-1', total: 1234, quantity: 1 }],
    },
  };
}

function alarm(name: string, missing: 'breaching' | 'notBreaching') {
  const definition = readAlarm({
    Namespace: 'Small',
    MetricName: 'Refused',
    Statistic: 'Sum',
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 0,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: missing,
  });
  return {
    name,
    arn: `arn:aws:cloudwatch:${REGION}:000000000000:alarm:${name}`,
    description: `Orders were refused.\nFirst: npm run ops -- doctor`,
    definition,
  };
}

function outputsOf(
  name: string,
  {
    endpoints,
    tables,
    queueUrl,
  }: {
    endpoints: { dynamodb: string; sqs: string; cloudWatch: string };
    tables: Awaited<ReturnType<typeof createTestTables>>;
    queueUrl: string;
  },
): object {
  const settings = {
    orderBy: 'sequence',
    testTokens: 'allow',
    allowFinalizationDate: false,
    quarantineRetentionDays: 30,
    buttonApiUrl: 'http://127.0.0.1:1',
  };
  const localEndpoints = { ...endpoints, secretsManager: endpoints.sqs, eventBridge: endpoints.sqs };
  return {
    ...(name === 'local' && { LocalEndpoints: localEndpoints }),
    [`Button-${name}-OrderReporting`]: {
      OrderLedgerTableName: tables.orderLedger,
      OrderQuarantineTableName: tables.quarantine,
    },
    [`Button-${name}-Brand-acme`]: {
      OrderQueueUrlAcme: queueUrl,
      OrderQueueArnAcme: `arn:aws:sqs:${REGION}:000000000000:orders.fifo`,
      OrderSettingsAcme: JSON.stringify(settings),
    },
    [`Button-${name}-Dashboards`]: { BusinessDashboardUrl: 'https://console.aws.example/business' },
    [`Button-${name}-Transactions`]: {
      TransactionsTableName: tables.transactions,
      PositionsTableName: tables.positions,
      WebhookQuarantineTableName: tables.quarantine,
      ShopperField: 'publisher_customer_id',
      OverdueGraceDays: '5',
      FinalizationDays: '60',
      ReconciliationPlannerName: 'planner',
    },
  };
}

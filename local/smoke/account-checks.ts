import { randomBytes } from 'node:crypto';

import { orderMessage, sampleOrder } from '../tour/sample-order.ts';
import type { Stage } from '../tour/stage.ts';
import { until } from '../tour/until.ts';

/** The stage that the checks look at. */
export type CheckedStage = { stage: Stage; webhookUrl: string };

/**
 * What only a real account can show: AWS documents it and the local deployment imitates it, but the two have
 * not been compared.
 */
export type AccountCheck = {
  title: string;
  /** What has to come out. */
  expected: string;
  /** The page on which AWS says so. */
  source: string;
} & (
  | {
      /** Looks by itself. Returns what it has seen; throws if it is not what is expected. */
      look: (checked: CheckedStage) => Promise<string>;
    }
  | {
      /** What somebody does, and where they look. */
      byHand: string;
    }
);

const DOCS = 'https://docs.aws.amazon.com';

/** How many requests come at once: more than a new account has executions. */
const BURST = 60;

/** Every check, the ones that run by themselves first. */
export const ACCOUNT_CHECKS: readonly AccountCheck[] = [
  {
    title: 'Five versions of one order, sent at once: several messages of one group in one batch',
    expected: 'The ledger ends with the fifth version, and Button holds it.',
    source: `${DOCS}/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html`,
    look: sendVersions,
  },
  {
    title: `${BURST} unsigned webhooks at once: the concurrency of the account`,
    expected: 'Each is answered 401. A 503 says that the account has too few executions.',
    source: `${DOCS}/lambda/latest/dg/lambda-concurrency.html`,
    look: sendBurst,
  },
  {
    title: 'A request with more than 10,240 bytes of headers',
    expected: 'The gateway answers with a 4xx. AWS does not document which; locally it is 431.',
    source: `${DOCS}/apigateway/latest/developerguide/http-api-quotas.html`,
    look: sendLongHeader,
  },
  {
    title: 'Connections and timers of an environment that was frozen for minutes',
    expected: 'The order is reported at the first try: the board shows no failed call to Button.',
    source: `${DOCS}/lambda/latest/dg/lambda-runtime-environment.html`,
    byHand: 'Send an order, wait ten minutes, send another. Look at the business board.',
  },
  {
    title: 'A user agent with quotes in the access log',
    expected: 'The line is JSON, with the quotes escaped, or it is none: neither counts for Button.',
    source: `${DOCS}/apigateway/latest/developerguide/http-api-logging-variables.html`,
    byHand: `curl -A 'a "quoted" one' -X POST WEBHOOK_URL, then look for the line in the access log group.`,
  },
  {
    title: 'The loop that the reconciler has declared',
    expected: '"RecursiveLoop": "Allow" for the reconciler, "Terminate" for every other function.',
    source: `${DOCS}/lambda/latest/dg/invocation-recursion.html`,
    byHand: 'aws lambda get-function-recursion-config --function-name FUNCTION, for each function.',
  },
  {
    title: 'The shards of the stream of transactions',
    expected: 'One or several shards. The alarm for the age of the stream stays OK while webhooks come.',
    source: `${DOCS}/amazondynamodb/latest/developerguide/Streams.html`,
    byHand: 'aws dynamodbstreams describe-stream --stream-arn ARN, on the first day and after a day.',
  },
  {
    title: 'Deletion by time to live',
    expected: 'DynamoDB deletes checkouts within a few days, and no event is published for it.',
    source: `${DOCS}/amazondynamodb/latest/developerguide/howitworks-ttl.html`,
    byHand: 'Look at TimeToLiveDeletedItemCount of the table, and at EventsPublished on the board.',
  },
  {
    title: 'Moving dead letters back',
    expected: 'The messages are received again, under new ids, and the dead-letter queue is empty.',
    source: `${DOCS}/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html`,
    byHand: 'aws sqs start-message-move-task --source-arn ARN, with a message put there before.',
  },
  {
    title: 'The way of an alarm to a person',
    expected: 'A message comes for ALARM and one for OK.',
    source: `${DOCS}/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html`,
    byHand:
      'aws cloudwatch set-alarm-state --alarm-name NAME --state-value ALARM --state-reason test, for one of each severity.',
  },
  {
    title: 'A second deployment without a change',
    expected: 'Every stack says "no changes", and the data is as it was.',
    source: `${DOCS}/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html`,
    byHand: 'npx cdk deploy --all',
  },
];

async function sendVersions({ stage }: CheckedStage): Promise<string> {
  const order = sampleOrder(`smoke-${randomBytes(4).toString('hex')}`);
  const versions = [1, 2, 3, 4, 5];
  const [first = 1, ...later] = versions;
  await Promise.all([
    stage.sendOrder(orderMessage('order.created.v1', first, order)),
    ...later.map((sequence) => stage.sendOrder(orderMessage('order.updated.v1', sequence, order))),
  ]);
  const entry = await until('the fifth version to be reported', async () => {
    const found = await stage.ledgerEntry(order.order_id);
    const { by, ...version } = found?.newest.version ?? { by: 'time', time: '' };
    const isNewest = by === 'sequence' && Object.values(version).includes(String(versions.length));
    return isNewest && found?.progress.state === 'settled' ? found : undefined;
  });
  return `order ${entry.orderId} is settled in version ${versions.length}`;
}

async function sendBurst({ webhookUrl }: CheckedStage): Promise<string> {
  const statuses = await Promise.all(
    Array.from({ length: BURST }, async () => {
      const { status } = await fetch(webhookUrl, { method: 'POST', body: '{}' });
      return status;
    }),
  );
  const others = statuses.filter((status) => status !== 401);
  if (others.length > 0) throw new Error(`${others.length} of ${BURST} were answered ${others.join(', ')}`);
  return `${BURST} times 401`;
}

async function sendLongHeader({ webhookUrl }: CheckedStage): Promise<string> {
  const headers = { 'x-smoke': 'x'.repeat(10_240) };
  const { status } = await fetch(webhookUrl, { method: 'POST', headers, body: '{}' });
  if (status < 400 || status >= 500 || status === 401) throw new Error(`answered ${status}`);
  return `answered ${status}`;
}

import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand } from '@aws-sdk/client-sqs';

import pendingWebhook from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { QUEUES, TABLES } from '../simulation/resources.ts';
import { orderMessage } from '../simulation/messages.ts';
import { pause, resume } from '../simulation/operator.ts';
import type { CloudWatch } from '../../tooling/local-aws/cloudwatch/cloudwatch.ts';
import type { SimulatedWorld, SimulatedWorldOptions } from '../simulation/world.ts';
import { endChain } from './everything.ts';
import {
  DAY_MS,
  HOUR_MS,
  inject,
  live,
  measureOfAws,
  misbehave,
  MINUTE_MS,
  outage,
  postWebhook,
  strike,
} from './play.ts';
import { logicalId } from './synthesized-alarms.ts';

/** A fault, and the alarms that report it. */
export type FaultCase = {
  fault: string;
  /** By their logical ids in the templates. */
  alarms: readonly string[];
  options?: SimulatedWorldOptions;
  play: (world: SimulatedWorld, cloudWatch: CloudWatch) => Promise<void>;
};

const ORDER_API = '^/v1/order';
const ACCOUNTS = '/affiliation/accounts$';
const TRANSACTIONS = '/affiliation/.*transactions';
const OUT_OF_ORDER = { status: 503 };

/** Every fault that has an alarm. Later consequences of a fault are not part of its case. */
export const FAULTS: readonly FaultCase[] = [
  {
    fault: "Button's Order API is down for two hours (A12, B3)",
    alarms: ['OldestOrderAlarm'],
    async play(world) {
      misbehave(world, { on: 'api', match: { path: ORDER_API }, answer: OUT_OF_ORDER });
      await live(world, 2 * HOUR_MS);
    },
  },
  {
    fault: "Button refuses the brand's key (B4)",
    alarms: ['KeyRefusedAlarm'],
    async play(world) {
      world.secrets.set('brand-api-key', 'sk-revoked');
      await live(world, HOUR_MS / 2);
    },
  },
  {
    fault: 'an operator pauses the brand for three hours and resumes it',
    alarms: ['BrandPausedAlarm'],
    async play(world) {
      await pause(world);
      await live(world, 3 * HOUR_MS);
      await resume(world);
      await live(world, HOUR_MS / 2);
    },
  },
  {
    fault: 'an order breaks the rules (A7, B9)',
    alarms: ['AcmeQuarantineAlarm'],
    async play(world) {
      const order = orderMessage({ orderId: 'order-1', sequence: 1, kind: 'created', total: 100 });
      world.sendOrderMessage({ ...order, body: order.body.replace('"total":100,', '"total":99,') });
      await live(world, HOUR_MS / 2);
    },
  },
  {
    fault: 'Button holds an order otherwise than it was reported',
    alarms: ['AcmeDriftAlarm'],
    async play(world) {
      await live(world, HOUR_MS / 2);
      await world.runFor(3 * HOUR_MS);
      for (const { brandId, buttonOrderId } of world.button.orders.all())
        world.button.orders.cancel(brandId, buttonOrderId);
      world.auditOrders();
      await world.runFor(HOUR_MS / 2);
    },
  },
  {
    fault: 'an order kills the reporter before it is in the ledger',
    alarms: ['AcmeReporterDeadLettersAlarm'],
    options: { brand: { maxReceiveCount: 5, reporterTimeoutSeconds: 25, buttonTimeoutMs: 5000 } },
    async play(world) {
      strike(world, (call) => call.functionName === 'order-reporter', { latencyMs: 5, dies: 'before' });
      world.sendOrderMessage(orderMessage({ orderId: 'order-1', sequence: 1, kind: 'created', total: 100 }));
      await world.runFor(HOUR_MS);
    },
  },
  {
    fault: 'nothing consumes the order queue (A15)',
    alarms: ['AcmeReporterAgeAlarm'],
    async play(world) {
      world.weather.isPollerDown = (source) => source === 'orders.fifo';
      await live(world, HOUR_MS);
    },
  },
  {
    fault: 'the schedule of the retry sweep is disabled',
    alarms: ['AcmeRetrySweepSilenceAlarm'],
    async play(world) {
      world.sweep = () => undefined;
      await live(world, HOUR_MS);
    },
  },
  {
    fault: 'the retry sweep fails whenever it runs',
    alarms: ['AcmeRetrySweepSilenceAlarm'],
    async play(world) {
      strike(world, (call) => call.functionName === 'retry-sweep', { error: outage() });
      await live(world, HOUR_MS);
    },
  },
  {
    fault: "the webhook has got another secret in Button's Dashboard (C12)",
    alarms: ['IntakeFailuresAlarm', 'IntakeSilenceAlarm'],
    async play(world) {
      await live(world, HOUR_MS / 2);
      world.secrets.set('webhooks', '[{"name":"main","secret":"another"}]');
      await live(world, HOUR_MS);
    },
  },
  {
    fault: "a new entry of the webhooks' secrets is malformed, and nothing is lost",
    alarms: ['IntakeMalformedSecretsAlarm'],
    async play(world) {
      await live(world, HOUR_MS / 2);
      const valid = world.secrets.get('webhooks') ?? '[]';
      world.secrets.set('webhooks', valid.replace(/\]$/, ',{"name":"new","secret":""}]'));
      await live(world, HOUR_MS / 2);
    },
  },
  {
    fault: 'two webhooks of an hour are answered with a 5xx, and come through later (C7)',
    alarms: ['IntakeFailuresAlarm'],
    async play(world) {
      await live(world, HOUR_MS);
      let failures = 0;
      const isReceiver = (name: string): boolean => name === 'webhook-receiver';
      strike(world, ({ functionName }) => isReceiver(functionName) && failures++ < 2, { dies: 'before' });
      await live(world, HOUR_MS / 2);
    },
  },
  {
    fault: 'Button sends no webhooks (E14)',
    alarms: ['IntakeSilenceAlarm'],
    async play(world) {
      await live(world, HOUR_MS / 2);
      world.button.dispatcher.pause('main');
      await live(world, HOUR_MS);
    },
  },
  {
    fault: 'a webhook is not understood (C4)',
    alarms: ['IntakeQuarantineAlarm'],
    async play(world) {
      await postWebhook(world, { id: 'hook-1', event_type: 'odd', data: {} });
      await live(world, HOUR_MS / 2);
    },
  },
  {
    fault: 'a row of the Transactions API is not understood',
    alarms: ['IntakeQuarantineAlarm'],
    async play(world) {
      inject(world, { webhook: false, status: 'unheard-of', currency: 'USD' });
      await live(world, HOUR_MS);
    },
  },
  {
    fault: 'the intake can not write to the transactions table for two hours (F1)',
    alarms: ['IntakeDeferredWebhooksAgeAlarm', 'IntakeSilenceAlarm'],
    async play(world) {
      const isIntake = /^(webhook-|deferred-webhooks$)/;
      strike(world, ({ functionName, target }) => isIntake.test(functionName) && target === 'transactions', {
        error: outage(),
      });
      await live(world, 2 * HOUR_MS);
    },
  },
  {
    fault: 'one webhook alone can not be stored for two hours (F1)',
    alarms: ['IntakeDeferredWebhooksAgeAlarm'],
    async play(world) {
      strike(
        world,
        ({ functionName, target }) =>
          /^(webhook-|deferred-webhooks$)/.test(functionName) && target === 'transactions',
        {
          error: outage(),
        },
      );
      await postWebhook(world, pendingWebhook);
      await world.runFor(2 * HOUR_MS);
    },
  },
  {
    fault: 'nothing consumes the queue of deferred webhooks',
    alarms: ['IntakeDeferredWebhooksAgeAlarm'],
    async play(world) {
      world.weather.isPollerDown = (source) => source === QUEUES.deferredWebhooks;
      await postWebhookToDefer(world);
      await world.runFor(2 * HOUR_MS);
    },
  },
  {
    fault: 'a deferred webhook kills its function for six hours',
    alarms: ['IntakeDeferredWebhooksDeathsAlarm'],
    async play(world) {
      strike(world, ({ functionName }) => functionName === 'deferred-webhooks', { dies: 'before' });
      await postWebhookToDefer(world);
      await world.runFor(6 * HOUR_MS);
    },
  },
  {
    fault: 'a deferred webhook kills its function, and is soon a dead letter',
    alarms: ['IntakeDeferredWebhooksDeadLettersAlarm'],
    options: {
      transactions: {
        deferredWebhooks: { maxReceiveCount: 5, timeoutSeconds: 10, visibilityTimeoutSeconds: 60 },
      },
    },
    async play(world) {
      strike(world, ({ functionName }) => functionName === 'deferred-webhooks', { dies: 'before' });
      await postWebhookToDefer(world);
      await world.runFor(HOUR_MS);
    },
  },
  {
    fault: 'a read of an account kills the reconciler again and again',
    alarms: ['ReconciliationReconcilerDeadLettersAlarm'],
    async play(world) {
      strike(world, ({ functionName }) => functionName === 'transaction-reconciler', { dies: 'before' });
      await live(world, HOUR_MS);
    },
  },
  {
    fault: 'nothing consumes the queue of read messages',
    alarms: ['ReconciliationReconcilerAgeAlarm'],
    async play(world) {
      world.weather.isPollerDown = (source) => source === 'read-messages.fifo';
      await live(world, 2 * HOUR_MS);
    },
  },
  {
    fault: 'the schedules of the planner are disabled',
    alarms: ['ReconciliationPlannerSilenceAlarm'],
    async play(world) {
      world.reconcile = () => undefined;
      await live(world, 3 * HOUR_MS);
    },
  },
  {
    fault: 'the planner fails whenever it runs',
    alarms: ['ReconciliationPlannerSilenceAlarm'],
    async play(world) {
      strike(
        world,
        ({ functionName, service }) => functionName === 'reconciliation-planner' && service === 'dynamodb',
        { error: outage() },
      );
      await live(world, 3 * HOUR_MS);
    },
  },
  {
    fault: "one account's transactions can not be read for four hours (E8, E10, E20)",
    alarms: ['ReconciliationStaleAlarm'],
    // The ticks are furthest apart at night.
    options: { startAt: '2026-06-01T23:00:00.000Z' },
    async play(world) {
      await live(world, HOUR_MS);
      misbehave(world, { on: 'api', match: { path: TRANSACTIONS }, answer: OUT_OF_ORDER });
      await live(world, 4 * HOUR_MS);
    },
  },
  {
    fault: 'Button lists no account any more, and does not know the one that there was (E10, E20)',
    alarms: ['ReconciliationStaleAlarm'],
    options: { startAt: '2026-06-01T23:00:00.000Z' },
    async play(world) {
      await live(world, HOUR_MS);
      const none = { status: 200, body: { meta: { status: 'ok' }, objects: [] } };
      misbehave(world, { on: 'api', match: { path: ACCOUNTS }, answer: none });
      misbehave(world, { on: 'api', match: { path: TRANSACTIONS }, answer: { status: 404 } });
      await live(world, 4 * HOUR_MS);
    },
  },
  {
    fault: 'Button does not list the accounts for five hours',
    alarms: ['ReconciliationAccountsAlarm'],
    async play(world) {
      await live(world, HOUR_MS);
      misbehave(world, { on: 'api', match: { path: ACCOUNTS }, answer: OUT_OF_ORDER });
      await live(world, 5 * HOUR_MS);
    },
  },
  {
    fault: 'Button lists an account that has no id, beside those that are read on',
    alarms: ['ReconciliationMalformedAccountsAlarm'],
    async play(world) {
      await live(world, HOUR_MS);
      const known = world.dynamodb
        .items('positions')
        .flatMap(({ account }) => (account?.S?.startsWith('acc-') ? [{ id: account.S }] : []));
      const objects = [...known, { name: 'Euro', currency: 'EUR' }];
      const body = { meta: { status: 'ok' }, objects };
      misbehave(world, { on: 'api', match: { path: ACCOUNTS }, answer: { status: 200, body } });
      await live(world, HOUR_MS);
    },
  },
  {
    fault: "the publisher's key can not be read (F7)",
    alarms: ['ReconciliationKeyAlarm'],
    async play(world) {
      world.secrets.set('publisher-api-key', 'no key at all');
      await live(world, HOUR_MS);
    },
  },
  {
    fault: "Button refuses the publisher's key (B4)",
    alarms: ['ReconciliationKeyAlarm'],
    async play(world) {
      world.secrets.set('publisher-api-key', 'sk-revoked');
      await live(world, HOUR_MS);
    },
  },
  {
    fault: 'a transaction shows up at Button hours after it changed (E15)',
    alarms: ['ReconciliationDriftAlarm'],
    async play(world) {
      await live(world, 6 * HOUR_MS);
      const modifiedAt = new Date(world.clock.now() - 5 * HOUR_MS).toISOString();
      inject(world, {
        webhook: false,
        currency: 'USD',
        amount: 500,
        created_date: modifiedAt,
        modified_date: modifiedAt,
      });
      world.reconcile(['sweep-daily']);
      await live(world, HOUR_MS / 2);
    },
  },
  {
    fault: 'Button can not show one transaction, whenever it is asked',
    alarms: ['ReconciliationGapAlarm'],
    async play(world) {
      await live(world, HOUR_MS / 2);
      await world.runFor(2 * HOUR_MS);
      const [versions] = world.button.transactions.all();
      world.button.world.unreadableTransactions = [versions?.at(-1)?.key ?? ''];
      world.reconcile(['sweep-daily']);
      await world.runFor(HOUR_MS);
    },
  },
  {
    fault: 'somebody spoils a position (E4)',
    alarms: ['ReconciliationPositionAlarm'],
    async play(world) {
      await live(world, HOUR_MS / 2);
      const accounts = world.dynamodb.items('positions').map((item) => item['account']);
      const account = accounts.find((id) => id?.S?.startsWith('acc-')) ?? { S: '' };
      const item = { account, stream: { S: 'incremental' } };
      world.dynamodb.execute(new PutItemCommand({ TableName: 'positions', Item: item }));
      await live(world, HOUR_MS / 2);
    },
  },
  {
    fault: 'somebody spoils a transaction and a note of a conflict',
    alarms: ['PublicationUnreadableAlarm'],
    async play(world) {
      await live(world, HOUR_MS / 2);
      const { pk = { S: '' } } = world.dynamodb.items('transactions').find((item) => 'version' in item) ?? {};
      const transaction = { pk, revision: { N: '1' }, version: { S: 'spoilt' } };
      const note = { account: { S: '#conflicts' }, stream: { S: 'spoilt' } };
      world.dynamodb.execute(new PutItemCommand({ TableName: 'transactions', Item: transaction }));
      world.dynamodb.execute(new PutItemCommand({ TableName: 'positions', Item: note }));
      await world.runFor(HOUR_MS / 2);
    },
  },
  {
    fault: 'somebody sends something else to the queue of read messages',
    alarms: ['ReconciliationReadMessagesAlarm'],
    async play(world) {
      await live(world, HOUR_MS / 2);
      const { readQueue: queue } = QUEUES;
      const message = { MessageBody: 'nonsense', MessageGroupId: 'x', MessageDeduplicationId: 'x' };
      world.sqs.execute(new SendMessageCommand({ QueueUrl: queue, ...message }));
      await live(world, HOUR_MS / 2);
    },
  },
  {
    fault: 'somebody spoils the breaker and an order of a brand',
    alarms: ['AcmeQuarantineAlarm', 'UnreadableAlarm'],
    async play(world) {
      world.sendOrderMessage(orderMessage({ orderId: 'order-1', sequence: 1, kind: 'created', total: 100 }));
      await live(world, HOUR_MS / 2);
      for (const pk of ['acme#order#order-1', 'acme#breaker'])
        world.dynamodb.execute(
          new PutItemCommand({ TableName: TABLES.orderLedger, Item: { pk: { S: pk } } }),
        );
      world.sendOrderMessage(orderMessage({ orderId: 'order-1', sequence: 2, kind: 'updated', total: 200 }));
      await live(world, HOUR_MS / 2);
    },
  },
  {
    fault: 'the bus accepts nothing for two hours (F4)',
    alarms: ['PublicationBehindAlarm'],
    async play(world) {
      world.weather.losesEvent = () => true;
      await live(world, 2 * HOUR_MS);
    },
  },
  {
    fault: 'the bus accepts nothing for a day (F4)',
    alarms: ['PublicationBehindAlarm', 'PublicationFailuresAlarm'],
    async play(world) {
      world.weather.losesEvent = () => true;
      await live(world, HOUR_MS);
      await world.runFor(24 * HOUR_MS);
    },
  },
  {
    fault: 'Button contradicts itself (D4)',
    alarms: ['PublicationConflictsAlarm'],
    async play(world) {
      const data = { ...pendingWebhook.data, modified_date: new Date(world.clock.now()).toISOString() };
      await postWebhook(world, { ...pendingWebhook, data: { ...data, status: 'validated' } });
      await postWebhook(world, { ...pendingWebhook, id: 'hook-2', data: { ...data, status: 'declined' } });
      await live(world, 30 * MINUTE_MS);
    },
  },
  {
    fault: 'the expiry of personal data does not run',
    alarms: ['PersonalDataExpirySilenceAlarm'],
    async play(world) {
      world.expirePersonalData = () => undefined;
      await live(world, 8 * HOUR_MS);
    },
  },
  {
    fault: "the expiry of the orders' customers does not run",
    alarms: ['CustomerExpirySilenceAlarm'],
    async play(world) {
      world.expireCustomers = () => undefined;
      await live(world, 8 * HOUR_MS);
    },
  },
  {
    fault: "the mapping of the table's stream is disabled",
    alarms: ['PublicationUnreadAlarm'],
    async play(world, cloudWatch) {
      const table = { TableName: 'Transactions' };
      measureOfAws(cloudWatch, {
        metric: { namespace: 'AWS/DynamoDB', name: 'ConsumedWriteCapacityUnits', dimensions: table },
        fromMs: world.clock.now(),
        forMs: 4 * HOUR_MS,
        value: 5,
      });
      await world.runFor(4 * HOUR_MS);
    },
  },
  ...ofFunctions('Throttles', 'FunctionsThrottlesAlarm'),
  ...ofFunctions('RecursiveInvocationsDropped', 'FunctionsRecursionAlarm'),
  {
    fault: 'the account has used most of its concurrency for a quarter of an hour',
    alarms: ['ConcurrencyAlarm'],
    async play(world, cloudWatch) {
      const metric = { namespace: 'AWS/Lambda', name: 'ClaimedAccountConcurrency', dimensions: {} };
      measureOfAws(cloudWatch, { metric, fromMs: world.clock.now(), forMs: 15 * MINUTE_MS, value: 800 });
      await world.runFor(HOUR_MS);
    },
  },
  {
    fault: 'a reminder of the alarms that are still on can not be sent',
    alarms: ['ReminderFailuresAlarm'],
    async play(world, cloudWatch) {
      const dimensions = { StateMachineArn: logicalId('AWS::StepFunctions::StateMachine', 'Reminder') };
      const metric = { namespace: 'AWS/States', name: 'ExecutionsFailed', dimensions };
      measureOfAws(cloudWatch, { metric, fromMs: world.clock.now(), forMs: MINUTE_MS, value: 1 });
      await world.runFor(HOUR_MS);
    },
  },
  {
    fault: "the publisher's own consumer takes no events off its queue for two hours",
    alarms: ['RewardsAgeAlarm'],
    async play(world, cloudWatch) {
      const name = 'ApproximateAgeOfOldestMessage';
      const metric = { namespace: 'AWS/SQS', name, dimensions: { QueueName: 'RewardQueue' } };
      const value = (2 * HOUR_MS) / 1000;
      measureOfAws(cloudWatch, { metric, fromMs: world.clock.now(), forMs: 2 * HOUR_MS, value });
      await world.runFor(2 * HOUR_MS);
    },
  },
  {
    fault: "the publisher's own consumer fails on an event until it is a dead letter",
    alarms: ['RewardsDeadLettersAlarm'],
    async play(world, cloudWatch) {
      const name = 'ApproximateNumberOfMessagesVisible';
      const metric = { namespace: 'AWS/SQS', name, dimensions: { QueueName: 'RewardQueueDeadLetters' } };
      measureOfAws(cloudWatch, { metric, fromMs: world.clock.now(), forMs: HOUR_MS, value: 1 });
      await world.runFor(HOUR_MS);
    },
  },
  ...(
    [
      ['RewardQueueDeadLetters', 'RewardsDeadLettersExpiringAlarm', 11 * DAY_MS],
      ['OrdersAcmeDeadLetters', 'AcmeReporterDeadLettersExpiringAlarm', 11 * DAY_MS],
      ['ReadQueueDeadLetters', 'ReconciliationReconcilerDeadLettersExpiringAlarm', 11 * DAY_MS],
      ['EventPublisherFailures', 'PublicationFailuresExpiringAlarm', 11 * DAY_MS],
      // It may have been tried for ten days before.
      ['DeferredWebhooksQueueDeadLetters', 'IntakeDeferredWebhooksDeadLettersExpiringAlarm', 14 * HOUR_MS],
    ] as const
  ).map(([queue, alarm, ageMs]): FaultCase => ({
    fault: `SQS will delete the oldest message of ${queue} in three days`,
    alarms: [alarm],
    async play(world, cloudWatch) {
      const name = 'ApproximateAgeOfOldestMessage';
      const metric = { namespace: 'AWS/SQS', name, dimensions: { QueueName: queue } };
      const value = ageMs / 1000 + 60;
      measureOfAws(cloudWatch, { metric, fromMs: world.clock.now(), forMs: HOUR_MS, value });
      await world.runFor(HOUR_MS);
    },
  })),
  {
    fault: 'a chain of slices does not end',
    alarms: ['ReconciliationRunawayAlarm'],
    options: { transactions: { reconciler: { pageSize: 10, sliceSeconds: 1 } } },
    async play(world) {
      await live(world, HOUR_MS / 2);
      await endChain(world);
      await world.runFor(HOUR_MS);
    },
  },
  {
    fault: 'the publisher API fails for half an hour',
    alarms: ['PublisherApiErrorsAlarm'],
    async play(world, cloudWatch) {
      const dimensions = { ApiId: logicalId('AWS::ApiGatewayV2::Api', 'PublisherApi') };
      const metric = { namespace: 'AWS/ApiGateway', name: '5xx', dimensions };
      measureOfAws(cloudWatch, { metric, fromMs: world.clock.now(), forMs: 30 * MINUTE_MS, value: 1 });
      await world.runFor(HOUR_MS);
    },
  },
  {
    fault: 'Button sends a category that no setting names',
    alarms: ['PublicationCategoriesAlarm'],
    async play(world) {
      const now = new Date(world.clock.now()).toISOString();
      const data = {
        ...pendingWebhook.data,
        created_date: now,
        modified_date: now,
        category: 'new-category',
      };
      await postWebhook(world, { ...pendingWebhook, data });
      await live(world, 30 * MINUTE_MS);
    },
  },
];

/** A metric that Lambda emits for a function of the brand's stack, and for one of the transactions' stack. */
function ofFunctions(name: string, alarm: string): FaultCase[] {
  const functions = [
    ['AcmeReporterWorkerFunction', `Acme${alarm}`],
    ['CustomerExpiryWorkerFunction', `Order${alarm}`],
    ['IntakeReceiverFunction', alarm],
  ] as const;
  return functions.map(([prefix, alarmOfStack]) => ({
    fault: `Lambda emits ${name} of ${prefix}`,
    alarms: [alarmOfStack],
    async play(world, cloudWatch) {
      const dimensions = { FunctionName: logicalId('AWS::Lambda::Function', prefix) };
      const metric = { namespace: 'AWS/Lambda', name, dimensions };
      measureOfAws(cloudWatch, { metric, fromMs: world.clock.now(), forMs: 30 * MINUTE_MS, value: 1 });
      await world.runFor(HOUR_MS);
    },
  }));
}

/** Sends a webhook that is deferred because the receiver cannot write to the table. */
async function postWebhookToDefer(world: SimulatedWorld): Promise<void> {
  strike(
    world,
    ({ functionName, target }) => functionName === 'webhook-receiver' && target === 'transactions',
    { error: outage() },
  );
  await postWebhook(world, pendingWebhook);
}

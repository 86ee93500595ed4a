import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';
import * as z from 'zod';

import { createAccessControl } from '../../tooling/local-aws/iam/access-control.ts';
import { dynamoDbRequests, type TableKeys } from '../../tooling/local-aws/iam/dynamodb-requests.ts';
import type { AccessRequest } from '../../tooling/local-aws/iam/evaluate.ts';
import { InlinePolicySchema } from '../../tooling/local-aws/iam/policy-document.ts';
import { resolveValue, type Scope } from '../../tooling/local-aws/template/intrinsics.ts';
import { DEVELOPMENT_STAGE, synthesizeStage } from '../infra/synthesized-stage.ts';
import { share } from '../volume.ts';
import type { FunctionName } from './functions.ts';
import { generateSchedule } from './generate.ts';
import { QUEUES, SECRETS, TABLE_SETTINGS, TABLES } from './resources.ts';
import { runSchedule } from './run-schedule.ts';
import type { Call } from './weather.ts';

/** The roles of the functions, as logical ids without their hashes. */
const ROLES: Readonly<Record<FunctionName, string>> = {
  'customer-expiry': 'CustomerExpiryWorkerRole',
  'event-delivery': 'RewardsDeliveryRole',
  'event-publisher': 'PublicationPublisherRole',
  'order-audit': 'AcmeOrderAuditWorkerRole',
  'order-reporter': 'AcmeReporterWorkerRole',
  'personal-data-expiry': 'PersonalDataExpiryWorkerRole',
  'publisher-api': 'PublisherApiFunctionRole',
  'reconciliation-planner': 'ReconciliationPlannerWorkerRole',
  'retry-sweep': 'AcmeRetrySweepWorkerRole',
  'transaction-reconciler': 'ReconciliationReconcilerWorkerRole',
  'deferred-webhooks': 'IntakeDeferredWebhooksWorkerRole',
  'webhook-receiver': 'IntakeReceiverRole',
};

const ORDER_LEDGER = 'arn:aws:dynamodb:region:account:table/Button-development-OrderLedger';
const DEPLOYMENT_MARK =
  'the time of deployment, where `liveFrom` is left out: test/shared/reconciliation/rules/deployment-time.test.ts';
const GIVEN_UP = 'a webhook that fails for good: test/functions/deferred-webhooks/apply-deferred.test.ts';
const PUBLISHER_API = 'reading by request: test/functions/publisher-api/compose.test.ts';
const PARTS = 'a transaction in parts: test/shared/transactions/store/transaction-store.test.ts';

/** The simulation's name of each resource, and its ARN in the templates of this test. */
const ARNS: Readonly<Record<string, string>> = {
  [TABLES.orderLedger]: ORDER_LEDGER,
  [TABLES.orderQuarantine]: 'arn:aws:dynamodb:region:account:table/Button-development-OrderQuarantine',
  [TABLES.transactions]: 'Transactions',
  [TABLES.positions]: 'Positions',
  [TABLES.webhookQuarantine]: 'WebhookQuarantine',
  [QUEUES.orders]: 'OrdersAcme',
  [QUEUES.readQueue]: 'ReadQueue',
  [QUEUES.deferredWebhooks]: 'DeferredWebhooksQueue',
  [SECRETS.brandApiKey]: 'ButtonApiKeyAcme',
  [SECRETS.publisherApiKey]: 'ButtonApiKey',
  [SECRETS.webhooks]: 'WebhookSecrets',
  bus: 'ButtonTransactions',
};

/** What Lambda itself does with a function's role. The local deployment checks it (test/flows). */
const LAMBDAS_OWN =
  /^(logs|xray):|^sqs:(ReceiveMessage|DeleteMessage|GetQueueAttributes)$|^dynamodb:(DescribeStream|GetRecords|GetShardIterator|ListStreams)$/;

/** Schedules that together make the functions do everything that a schedule can. */
const SEEDS = [1, 2, 5, 6, 8, 16, 19, 26, 30, 351];

/** Rights that these schedules do not need, and the tests that need them. */
const NEEDED_ELSEWHERE: Readonly<Record<string, string>> = {
  'IntakeDeferredWebhooksWorkerRole: dynamodb:GetItem on Positions': DEPLOYMENT_MARK,
  'IntakeDeferredWebhooksWorkerRole: dynamodb:PutItem on Positions': DEPLOYMENT_MARK,
  'IntakeReceiverRole: dynamodb:GetItem on Positions': DEPLOYMENT_MARK,
  'IntakeReceiverRole: dynamodb:PutItem on Positions': DEPLOYMENT_MARK,
  'IntakeDeferredWebhooksWorkerRole: dynamodb:PutItem on WebhookQuarantine': GIVEN_UP,
  'IntakeDeferredWebhooksWorkerRole: dynamodb:UpdateItem on WebhookQuarantine': GIVEN_UP,
  'PublisherApiFunctionRole: dynamodb:GetItem on Transactions': PUBLISHER_API,
  'PublisherApiFunctionRole: dynamodb:Query on Transactions/index/byShopper': PUBLISHER_API,
  'PublicationPublisherRole: dynamodb:PutItem on Transactions':
    'a checkout and its transaction: test/functions/transactions-requirements.test.ts',
  'PublicationPublisherRole: sqs:SendMessage on EventPublisherFailures':
    'Lambda sends what the stream gave up: tooling/local-aws/test/triggers/stream-mapping.test.ts',
  'PersonalDataExpiryWorkerRole: dynamodb:GetItem on Transactions': PARTS,
  'PersonalDataExpiryWorkerRole: dynamodb:DeleteItem on Transactions': PARTS,
  [`AcmeRetrySweepWorkerRole: dynamodb:PutItem on ${ORDER_LEDGER}`]:
    'the pace of a drain after an outage: test/functions/retry-sweep/drain.test.ts',
};

it(
  'AWS, requirement 2: every function has the rights it needs under any fault',
  { tags: ['volume'] },
  async () => {
    const access = deployRoles();
    await use(access, share(SEEDS, 3));

    expect(access.denied()).toEqual([]);
  },
);

it('AWS, requirement 2: every function uses all the rights it has', { tags: ['long'] }, async () => {
  const access = deployRoles();
  await use(access, SEEDS);

  const unused = access.unused().filter(({ action }) => !LAMBDAS_OWN.test(action));
  expect(unused.map(({ role, action, resource }) => `${role}: ${action} on ${resource}`).sort()).toEqual(
    Object.keys(NEEDED_ELSEWHERE).sort(),
  );
});

it('every test that is named for a right exists', () => {
  const named = Object.values(NEEDED_ELSEWHERE).map(
    (reason) => /: (\S+\.test\.ts)$/.exec(reason)?.[1] ?? reason,
  );

  expect(named.filter((file) => !existsSync(join(import.meta.dirname, '../..', file)))).toEqual([]);
});

/** Runs schedules, whose functions make their calls with the rights of their roles. */
async function use(access: ReturnType<typeof deployRoles>, seeds: readonly number[]): Promise<void> {
  for (const seed of seeds) {
    await runSchedule(generateSchedule(seed), undefined, (call) => {
      const role = ROLES[call.functionName as FunctionName];
      for (const request of requestsOf(call)) access.allows(role, request);
    });
  }
}

const RoleSchema = z.object({ Policies: z.array(z.unknown()) });

/** The roles of a stage with a brand, its audit and a publisher, from its templates. */
function deployRoles(): ReturnType<typeof createAccessControl> {
  const access = createAccessControl();
  for (const { logicalId, Properties } of synthesizeStage(DEVELOPMENT_STAGE).resources('AWS::IAM::Role')) {
    const arn = withoutHash(logicalId);
    if (!Object.values(ROLES).includes(arn)) continue;
    const policies = RoleSchema.parse(Properties).Policies.map((policy) =>
      InlinePolicySchema.parse(resolveValue(policy, SCOPE)),
    );
    const statements = policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
    access.addRole({ arn, trust: [], statements });
  }
  return access;
}

const PSEUDO_PARAMETERS: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'region',
  'AWS::AccountId': 'account',
};

/**
 * Every resource is known by its logical id, except the ledger: the brands' stacks refer to it by its name.
 */
const SCOPE: Scope = {
  ref: (name) => PSEUDO_PARAMETERS[name] ?? withoutHash(name),
  importValue: (name) => `imported ${name}`,
  getAtt: (logicalId) => (logicalId === 'OrderLedger' ? ORDER_LEDGER : withoutHash(logicalId)),
  condition: () => false,
  localise: (text) => text,
};

function withoutHash(logicalId: string): string {
  return logicalId.replace(/[0-9A-F]{8}$/, '');
}

const TABLE_KEYS: ReadonlyMap<string, TableKeys> = new Map(
  TABLE_SETTINGS.map(({ name, partitionKey, index }) => [
    name,
    {
      arn: ARNS[name] ?? name,
      partitionKey,
      indexKeys: index ? { [index.name]: index.partitionKey } : {},
    },
  ]),
);

function requestsOf({ service, target, operation: command, input }: Call): AccessRequest[] {
  const operation = command.replace(/Command$/, '');
  const resource = ARNS[target] ?? target;
  switch (service) {
    case 'dynamodb':
      return dynamoDbRequests(operation, JSON.parse(JSON.stringify(input)), TABLE_KEYS);
    case 'sqs':
      return [{ action: `sqs:${operation.replace(/Batch$/, '')}`, resource }];
    case 'secrets':
      return [{ action: `secretsmanager:${operation}`, resource }];
    case 'events':
      return [{ action: `events:${operation}`, resource }];
    case 'button':
      return [];
  }
}

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';

import { StageConfigSchema } from '../../../infra/config.ts';
import { CHECKS } from '../../../infra/preflight/checks.ts';
import { executionsAtOnce } from '../../../infra/lambda-concurrency.ts';
import { stackCounts } from '../../../infra/preflight/stack-counts.ts';
import { runPreflight } from '../../../infra/preflight/run.ts';
import { STAGES } from '../stages.ts';
import { PRODUCTION_STAGE, synthesizeStage } from '../synthesized-stage.ts';
import { AwsFault, startAwsStub, type Answers } from './aws-stub.ts';

const ACCOUNT = '111122223333';
const REGION = 'eu-west-1';
const STREAM = `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/tx-restored/stream/2026-06-01T12:00:00.000`;
const CERTIFICATE = `arn:aws:acm:${REGION}:${ACCOUNT}:certificate/abc`;
const TOPIC = `arn:aws:sns:${REGION}:${ACCOUNT}:on-call`;
const SECRET = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:key-abc`;

/** A configuration that names everything that can be named. */
const FULL = {
  ...PRODUCTION_STAGE,
  account: ACCOUNT,
  region: REGION,
  existingTables: { transactions: { name: 'tx-restored', streamArn: STREAM } },
  orderReporting: {
    brands: [
      {
        id: 'acme',
        producers: [`arn:aws:iam::${ACCOUNT}:role/shops/shop`, 'arn:aws:iam::444455556666:role/shop'],
      },
    ],
  },
  transactions: {
    webhookDomain: { name: 'hooks.example.com', certificateArn: CERTIFICATE, hostedZoneId: 'Z0123' },
  },
  alarms: { page: { topicArn: TOPIC } },
};

const stack = (name: string, more: object = {}) => ({
  StackName: `Button-production-${name}`,
  StackStatus: 'CREATE_COMPLETE',
  CreationTime: '2026-06-01T12:00:00Z',
  EnableTerminationProtection: true,
  ...more,
});

const missing = (code: string) => () => new AwsFault(code);

/** An account with no problem for `FULL`, which is deployed. */
const HEALTHY: Answers = {
  'sts.GetCallerIdentity': () => ({ Account: ACCOUNT, Arn: `arn:aws:iam::${ACCOUNT}:user/somebody` }),
  'sts.AssumeRole': () => ({}),
  'cloudformation.DescribeStacks': ({ StackName: name }) => ({
    Stacks:
      name === 'CDKToolkit'
        ? [
            {
              ...stack('x'),
              StackName: name,
              Outputs: [{ OutputKey: 'BootstrapVersion', OutputValue: '25' }],
            },
          ]
        : [
            stack('OrderReporting'),
            stack('Brand-acme', { Outputs: [{ OutputKey: 'ApiKeySecretArnAcme', OutputValue: SECRET }] }),
            { ...stack('x'), StackName: 'Button-production-eu-Alarms', StackStatus: 'ROLLBACK_COMPLETE' },
          ],
  }),
  'cloudformation.ListStackResources': ({ StackName: name }) => ({
    StackResourceSummaries:
      name === 'Button-production-OrderReporting'
        ? [
            { PhysicalResourceId: 'Button-production-OrderLedger' },
            { PhysicalResourceId: 'Button/production/OrderReporting/OldestOrder' },
          ]
        : [],
  }),
  'dynamodb.DescribeTable': ({ TableName: name }) =>
    name === 'tx-restored'
      ? {
          Table: {
            TableName: name,
            TableStatus: 'ACTIVE',
            KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
            GlobalSecondaryIndexes: [{ IndexName: 'byShopper' }],
            StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
            LatestStreamArn: STREAM,
            DeletionProtectionEnabled: true,
          },
        }
      : new AwsFault('ResourceNotFoundException'),
  'dynamodb.DescribeTimeToLive': () => ({
    TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAtEpochSeconds' },
  }),
  'dynamodb.DescribeContinuousBackups': () => ({
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'ENABLED' },
    },
  }),
  'sns.GetTopicAttributes': ({ TopicArn: arn }) =>
    arn === TOPIC
      ? { Attributes: { Policy: '{"Service":["cloudwatch.amazonaws.com","events.amazonaws.com"]}' } }
      : new AwsFault('NotFound'),
  'events.DescribeEventBus': missing('ResourceNotFoundException'),
  'monitoring.DescribeAlarms': () => ({
    MetricAlarms: [{ AlarmName: 'Button/production/OrderReporting/OldestOrder' }],
  }),
  'lambda.GET /2016-08-19/account-settings': () => ({
    AccountLimit: { ConcurrentExecutions: 1000, UnreservedConcurrentExecutions: 1000 },
  }),
  'acm.DescribeCertificate': () => ({
    Certificate: {
      Status: 'ISSUED',
      DomainName: 'example.com',
      SubjectAlternativeNames: ['*.example.com'],
      NotAfter: 4_102_444_800,
    },
  }),
  'route53.GET /2013-04-01/hostedzone/Z0123': () => ({
    HostedZone: {
      Id: '/hostedzone/Z0123',
      Name: 'example.com.',
      CallerReference: 'x',
      Config: { PrivateZone: false },
    },
    DelegationSet: {},
  }),
  'route53.GET /2013-04-01/hostedzone/Z0123/rrset': () => ({
    ResourceRecordSets: [{ Name: 'www.example.com.', Type: 'A' }],
    IsTruncated: false,
  }),
  'apigateway.GET /v2/domainnames/hooks.example.com': missing('NotFoundException'),
  'iam.GetAccountSummary': () => ({ SummaryMap: { Roles: 40, RolesQuota: 1000 } }),
  'events.ListRules': () => ({ Rules: [{ Name: 'a' }] }),
  'iam.GetPolicy': missing('NoSuchEntity'),
  'iam.GetRole': () => ({ Role: { RoleName: 'shop' } }),
  'secretsmanager.DescribeSecret': () => ({ VersionIdsToStages: { v1: ['AWSCURRENT'] } }),
};

type ReportedFinding = { status: string; says: string; remedy?: string; reason?: string };
type Report = { outcome: string; checks: { check: string; findings: ReportedFinding[] }[] };

async function run(config: object, changed: Answers = {}, args: string[] = ['--json']) {
  const stub = await startAwsStub({ ...HEALTHY, ...changed });
  onTestFinished(stub.close);
  vi.stubEnv('AWS_ENDPOINT_URL', stub.url);
  const file = join(mkdtempSync(join(tmpdir(), 'button-preflight-')), 'config.json');
  writeFileSync(file, JSON.stringify(config));
  let [out, err] = ['', ''];
  const code = await runPreflight([file, ...args], {
    out: (text) => (out += text),
    err: (text) => (err += text),
  });
  const report = (args.includes('--json') && out !== '' ? JSON.parse(out) : { checks: [] }) as Report;
  const findings = report.checks.flatMap(({ check, findings: found }) =>
    found.map((it) => ({ check, ...it })),
  );
  return { code, out, err, report, findings, calls: stub.calls };
}

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('AWS_CONFIG_FILE', '/nowhere');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('AWS, requirement 6: npm run preflight', () => {
  it('finds nothing wrong in an account that is ready, and only reads', async () => {
    const { code, report, findings, calls } = await run(FULL);

    expect(findings.filter(({ status }) => status === 'problem')).toEqual([]);
    expect({ code, outcome: report.outcome }).toEqual({ code: 0, outcome: 'ok' });
    expect(findings.filter(({ status }) => status === 'not-checked').map(({ says }) => says)).toEqual([
      'arn:aws:iam::444455556666:role/shop',
    ]);
    for (const call of calls) expect(call).toMatch(/\.(Get|Describe|List|GET |AssumeRole)/);
  });

  it.each<[string, string, object, Answers, RegExp, RegExp]>([
    [
      'credentials of another account',
      'account and region',
      { ...FULL, account: '444455556666' },
      {},
      /credentials are for the account 111122223333, but the configuration names 444455556666/,
      /credentials of that account/,
    ],
    [
      'a topic of another region',
      'account and region',
      { ...FULL, alarms: { page: { topicArn: TOPIC.replace(REGION, 'us-east-1') } } },
      { 'sns.GetTopicAttributes': HEALTHY['sns.GetTopicAttributes'] ?? missing('x') },
      /alarms\.page\.topicArn: is in the region us-east-1/,
      /deploy to where it is/,
    ],
    [
      'a region without the CDK',
      'bootstrap',
      FULL,
      {
        'cloudformation.DescribeStacks': ({ StackName: name }) =>
          name === undefined ? { Stacks: [] } : new AwsFault('ValidationError', 'Stack does not exist'),
      },
      /there is no stack CDKToolkit/,
      /npx cdk bootstrap aws:\/\/111122223333\/eu-west-1/,
    ],
    [
      'a first deployment that failed and is protected',
      'stacks',
      FULL,
      {
        'cloudformation.DescribeStacks': () => ({
          Stacks: [stack('Transactions', { StackStatus: 'ROLLBACK_COMPLETE' })],
        }),
      },
      /Button-production-Transactions: its creation failed \(ROLLBACK_COMPLETE\)/,
      /--no-enable-termination-protection --stack-name Button-production-Transactions/,
    ],
    [
      'a first deployment whose tables could not be deleted',
      'stacks',
      FULL,
      {
        'cloudformation.DescribeStacks': () => ({
          Stacks: [
            stack('Transactions', { StackStatus: 'ROLLBACK_FAILED', EnableTerminationProtection: false }),
          ],
        }),
      },
      /Button-production-Transactions: .+ could not be deleted \(ROLLBACK_FAILED\)/,
      /Delete its tables/,
    ],
    [
      'a stack that is being changed',
      'stacks',
      FULL,
      {
        'cloudformation.DescribeStacks': () => ({
          Stacks: [stack('Transactions', { StackStatus: 'UPDATE_IN_PROGRESS' })],
        }),
      },
      /being changed/,
      /Wait/,
    ],
    [
      'the kept table of a deleted stack',
      'names',
      FULL,
      {
        'dynamodb.DescribeTable': (input) =>
          input['TableName'] === 'Button-production-OrderQuarantine'
            ? { Table: { TableName: input['TableName'] } }
            : (HEALTHY['dynamodb.DescribeTable']?.(input) ?? {}),
      },
      /the table Button-production-OrderQuarantine exists outside/,
      /existingTables\.orderQuarantine: "Button-production-OrderQuarantine"/,
    ],
    [
      'a topic by the name of the stage',
      'names',
      FULL,
      {
        'sns.GetTopicAttributes': () => ({
          Attributes: { Policy: 'cloudwatch.amazonaws.com events.amazonaws.com' },
        }),
      },
      /the topic arn:aws:sns:eu-west-1:111122223333:Button-production-ticket exists/,
      /alarms\.ticket\.topicArn/,
    ],
    [
      'a bus by the name of the stage',
      'names',
      FULL,
      { 'events.DescribeEventBus': () => ({ Name: 'ButtonTransactions-production' }) },
      /the event bus ButtonTransactions-production exists/,
      /delete-event-bus/,
    ],
    ...['OrderReaders', 'OrderOperators', 'TransactionReaders', 'TransactionOperators'].map(
      (policy): [string, string, object, Answers, RegExp, RegExp] => [
        `the policy ${policy} that somebody still has`,
        'names',
        FULL,
        {
          'iam.GetPolicy': ({ PolicyArn: arn }) =>
            arn === `arn:aws:iam::${ACCOUNT}:policy/Button-production-${policy}-${REGION}`
              ? { Policy: { Arn: arn } }
              : new AwsFault('NoSuchEntity'),
        },
        new RegExp(`the managed policy Button-production-${policy}-eu-west-1 exists`),
        /delete-policy --policy-arn/,
      ],
    ),
    [
      'an alarm by the name of one of the stage',
      'names',
      FULL,
      {
        'monitoring.DescribeAlarms': () => ({
          MetricAlarms: [{ AlarmName: 'Button/production/Alarms/Concurrency' }],
        }),
      },
      /the alarm Button\/production\/Alarms\/Concurrency exists/,
      /delete-alarms/,
    ],
    [
      'a table that does not exist',
      'existing tables',
      FULL,
      { 'dynamodb.DescribeTable': missing('ResourceNotFoundException') },
      /there is no table tx-restored/,
      /name one that exists/,
    ],
    [
      'a restored table that does not expire',
      'existing tables',
      FULL,
      { 'dynamodb.DescribeTimeToLive': () => ({ TimeToLiveDescription: { TimeToLiveStatus: 'DISABLED' } }) },
      /do not expire by expiresAtEpochSeconds/,
      /update-time-to-live --table-name tx-restored/,
    ],
    [
      'a restored table that cannot be restored again',
      'existing tables',
      FULL,
      {
        'dynamodb.DescribeContinuousBackups': () => ({
          ContinuousBackupsDescription: { ContinuousBackupsStatus: 'ENABLED' },
        }),
      },
      /cannot be restored to a point in time/,
      /update-continuous-backups --table-name tx-restored/,
    ],
    ...(
      [
        [
          'no stream',
          { StreamSpecification: undefined },
          /no stream of new and old images/,
          /--stream-specification/,
        ],
        [
          'another stream',
          { LatestStreamArn: `${STREAM}9` },
          /is not the current stream/,
          /Set it to .+0009/,
        ],
        [
          'no index',
          { GlobalSecondaryIndexes: undefined },
          /no index byShopper/,
          /Restore it with its indexes/,
        ],
        [
          'other keys',
          { KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] },
          /has the keys id; it needs pk/,
          /right one/,
        ],
        [
          'no protection',
          { DeletionProtectionEnabled: false },
          /not protected from deletion/,
          /--deletion-protection-enabled/,
        ],
      ] satisfies [string, object, RegExp, RegExp][]
    ).map(([fault, change, says, remedy]): [string, string, object, Answers, RegExp, RegExp] => [
      `a restored table with ${fault}`,
      'existing tables',
      FULL,
      {
        'dynamodb.DescribeTable': (input) => {
          const answer = HEALTHY['dynamodb.DescribeTable']?.(input) ?? {};
          return 'Table' in answer ? { Table: { ...(answer.Table as object), ...change } } : answer;
        },
      },
      says,
      remedy,
    ]),
    [
      'the concurrency of a new account',
      'Lambda concurrency',
      FULL,
      {
        'lambda.GET /2016-08-19/account-settings': () => ({
          AccountLimit: { ConcurrentExecutions: 10, UnreservedConcurrentExecutions: 10 },
        }),
      },
      /10 concurrent executions are unreserved; this stage uses up to \d{3}/,
      /request-service-quota-increase/,
    ],
    [
      'an account without room for the roles',
      'quotas',
      FULL,
      { 'iam.GetAccountSummary': () => ({ SummaryMap: { Roles: 991, RolesQuota: 1000 } }) },
      /991 of 1000 IAM roles are used; the stacks that do not exist yet add 10/,
      /higher quota/,
    ],
    [
      'a region without room for the rules',
      'quotas',
      FULL,
      {
        'events.ListRules': ({ NextToken: token }) => ({
          Rules: Array.from({ length: 100 }, (_, index) => ({ Name: `rule-${index}` })),
          ...(token !== 'c' && { NextToken: token === 'b' ? 'c' : 'b' }),
        }),
      },
      /300 of 300 rules of the default event bus are used; the stacks that do not exist yet add 3/,
      /higher quota/,
    ],
    [
      'a missing topic',
      'topics',
      FULL,
      { 'sns.GetTopicAttributes': missing('NotFound') },
      /there is no topic arn:aws:sns:eu-west-1:111122223333:on-call/,
      /Create it/,
    ],
    [
      'a topic that alarms may not use',
      'topics',
      FULL,
      {
        'sns.GetTopicAttributes': (input) =>
          input['TopicArn'] === TOPIC
            ? {
                Attributes: {
                  KmsMasterKeyId: 'alias/aws/sns',
                  Policy: 'cloudwatch.amazonaws.com events.amazonaws.com',
                },
              }
            : new AwsFault('NotFound'),
      },
      /encrypted with alias\/aws\/sns/,
      /your own key/,
    ],
    [
      'a topic that allows no rule to publish',
      'topics',
      FULL,
      {
        'sns.GetTopicAttributes': (input) =>
          input['TopicArn'] === TOPIC
            ? { Attributes: { Policy: '{"AWS:SourceOwner":"111122223333"}' } }
            : new AwsFault('NotFound'),
      },
      /does not name events\.amazonaws\.com/,
      /Allow the service \S+ sns:Publish/,
    ],
    [
      'a ticket topic of another account that reminders may not use',
      'topics',
      { ...FULL, alarms: { ticket: { topicArn: TOPIC.replace(ACCOUNT, '444455556666') } } },
      {
        'sns.GetTopicAttributes': (input) =>
          input['TopicArn']?.includes('444455556666') === true
            ? {
                Attributes: {
                  Policy: `{"Service":["cloudwatch.amazonaws.com","events.amazonaws.com"],"aws:SourceArn":"arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:*"}`,
                },
              }
            : new AwsFault('NotFound'),
      },
      /does not name 111122223333: nobody is reminded/,
      /Allow the account 111122223333 sns:Publish/,
    ],
    ...(
      [
        ['that is not issued', { Status: 'PENDING_VALIDATION' }, /is PENDING_VALIDATION/],
        ['that has expired', { NotAfter: 1_000_000_000 }, /has expired/],
        [
          'for another host',
          { SubjectAlternativeNames: ['*.hooks.example.com'] },
          /not for hooks\.example\.com/,
        ],
      ] satisfies [string, object, RegExp][]
    ).map(([fault, change, says]): [string, string, object, Answers, RegExp, RegExp] => [
      `a certificate ${fault}`,
      'domain of the webhook URL',
      FULL,
      {
        'acm.DescribeCertificate': (input) => {
          const answer = HEALTHY['acm.DescribeCertificate']?.(input) ?? {};
          return 'Certificate' in answer
            ? { Certificate: { ...(answer.Certificate as object), ...change } }
            : answer;
        },
      },
      says,
      /name/i,
    ]),
    [
      'a hosted zone of another domain',
      'domain of the webhook URL',
      FULL,
      {
        'route53.GET /2013-04-01/hostedzone/Z0123': () => ({
          HostedZone: { Id: 'Z0123', Name: 'ample.com.', CallerReference: 'x' },
        }),
      },
      /is of ample\.com\., not of hooks\.example\.com/,
      /Name the hosted zone of hooks/,
    ],
    [
      'a record of the host',
      'domain of the webhook URL',
      FULL,
      {
        'route53.GET /2013-04-01/hostedzone/Z0123/rrset': () => ({
          ResourceRecordSets: [{ Name: 'hooks.example.com.', Type: 'CNAME' }],
        }),
      },
      /already has a record \(CNAME\)/,
      /WebhookDomainTarget/,
    ],
    [
      'a domain that API Gateway already has',
      'domain of the webhook URL',
      FULL,
      { 'apigateway.GET /v2/domainnames/hooks.example.com': () => ({ domainName: 'hooks.example.com' }) },
      /API Gateway already has the domain hooks\.example\.com/,
      /delete-domain-name --domain-name hooks\.example\.com/,
    ],
    [
      'a missing producer',
      'producers',
      FULL,
      { 'iam.GetRole': missing('NoSuchEntity') },
      /there is no arn:aws:iam::111122223333:role\/shops\/shop/,
      /Create it first/,
    ],
    [
      'a secret without a value',
      'secrets',
      FULL,
      { 'secretsmanager.DescribeSecret': () => ({}) },
      /ApiKeySecretArnAcme: no value is set/,
      /put-secret-value --secret-id/,
    ],
    [
      'a secret that is to be deleted',
      'secrets',
      FULL,
      { 'secretsmanager.DescribeSecret': () => ({ DeletedDate: 1_780_000_000 }) },
      /is scheduled for deletion/,
      /restore-secret/,
    ],
  ])('finds %s, and says what to do', async (_fault, check, config, changed, says, remedy) => {
    const { code, report, findings } = await run(config, changed);

    expect(findings).toContainEqual(
      expect.objectContaining({
        check,
        status: 'problem',
        says: expect.stringMatching(says) as string,
        remedy: expect.stringMatching(remedy) as string,
      }),
    );
    expect({ code, outcome: report.outcome }).toEqual({ code: 1, outcome: 'problem' });
  });

  it.each([
    ['111122223333'],
    ['arn:aws:iam::111122223333:root'],
    ['arn:aws:iam::111122223333:role/Button-production-Alarms-ReminderRole'],
  ])('finds nothing wrong with a ticket topic of another account that names %s', async (principal) => {
    const topicArn = TOPIC.replace(ACCOUNT, '444455556666');
    const services = '"Service":["cloudwatch.amazonaws.com","events.amazonaws.com"]';

    const { findings } = await run(
      { ...FULL, alarms: { ticket: { topicArn } } },
      {
        'sns.GetTopicAttributes': ({ TopicArn: arn }) =>
          arn === topicArn
            ? { Attributes: { Policy: `{${services},"AWS":["${principal}"]}` } }
            : new AwsFault('NotFound'),
      },
    );

    expect(findings.filter(({ check }) => check === 'topics').map(({ status }) => status)).toEqual(['ok']);
  });

  it('looks at every secret of the stacks', async () => {
    const config = {
      ...FULL,
      transactions: {
        ...FULL.transactions,
        rewardQueue: { deliverTo: { url: 'https://rewards.example.com/' } },
      },
    };
    const stage = synthesizeStage(config);
    const secretIds = stage.resources('AWS::SecretsManager::Secret').map(({ logicalId }) => logicalId);
    const outputs = stage.stackNames
      .flatMap((name) => stage.outputs(name.replace('Button-production-', '')))
      .flatMap((output) => {
        const { Ref: secret } = Object(stage.outputValue(output)) as { Ref?: string };
        return secret !== undefined && secretIds.includes(secret) ? [{ output, secret }] : [];
      });

    const { findings } = await run(config, {
      'cloudformation.DescribeStacks': (input) =>
        input['StackName'] === undefined
          ? {
              Stacks: [
                stack('Transactions', {
                  Outputs: outputs.map(({ output, secret }) => ({ OutputKey: output, OutputValue: secret })),
                }),
              ],
            }
          : (HEALTHY['cloudformation.DescribeStacks']?.(input) ?? {}),
      'secretsmanager.DescribeSecret': () => ({ VersionIdsToStages: {} }),
    });

    expect(outputs.map(({ secret }) => secret).toSorted()).toEqual(secretIds.toSorted());
    expect(findings.filter(({ check }) => check === 'secrets').map(({ says }) => says)).toEqual(
      outputs.map(({ output }) => `${output}: no value is set`),
    );
  });

  it('continues if it may not read something, and says which call AWS refused', async () => {
    const { code, findings } = await run(FULL, { 'iam.GetRole': missing('AccessDenied') });

    expect(code).toBe(0);
    expect(findings.filter(({ check }) => check === 'producers')).toEqual([
      expect.objectContaining({
        status: 'not-checked',
        reason: expect.stringContaining('AccessDenied') as string,
      }),
    ]);
    expect(findings.filter(({ check }) => check === 'secrets')).toMatchObject([{ status: 'ok' }]);
  });

  it('prints a line for each finding, with its fix', async () => {
    const { out } = await run(FULL, { 'secretsmanager.DescribeSecret': () => ({}) }, []);

    expect(out).toMatch(/^ok {11}account and region: account 111122223333, region eu-west-1, as arn:/m);
    expect(out).toMatch(
      /^problem {6}secrets: ApiKeySecretArnAcme: no value is set\n {13}Remedy: aws secretsmanager/m,
    );
    expect(out).toMatch(/^not checked {2}producers: arn:aws:iam::4444.+\n {13}Why: /m);
  });

  it('explains each check without credentials, and makes no calls to AWS', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);

    const { code, findings, calls, err } = await run(FULL);

    expect({ code, calls, err }).toEqual({ code: 2, calls: [], err: 'Nothing was checked.\n' });
    expect(findings).toHaveLength(CHECKS.length);
    for (const { status, says, reason } of findings) {
      expect(status).toBe('not-checked');
      expect(says.length).toBeGreaterThan(40);
      expect(reason).toMatch(/^without credentials/);
    }
  });

  it('refuses an invalid configuration, and a command line without one', async () => {
    const wrong = await run({ stage: 'production' });
    const code = await runPreflight([], { out: () => undefined, err: () => undefined });

    expect({ code: wrong.code, calls: wrong.calls }).toEqual({ code: 2, calls: [] });
    expect(wrong.err).toMatch(/must have orderReporting, transactions or both/);
    expect(code).toBe(2);
  });
});

describe('stackCounts', () => {
  it.each(STAGES)('is what the stacks of $name create', ({ config }) => {
    const stage = synthesizeStage(config);
    const counts = stackCounts(StageConfigSchema.parse(config));

    for (const stackName of stage.stackNames) {
      const part = stackName.replace(`Button-${config.stage}-`, '');
      expect([part, counts.get(part) ?? { roles: 0, rules: 0 }]).toEqual([
        part,
        {
          roles: stage.resources('AWS::IAM::Role', stackName).length,
          rules: stage
            .resources('AWS::Events::Rule', stackName)
            .filter(({ Properties }) => !('EventBusName' in Properties)).length,
        },
      ]);
    }
  });
});

it('docs/operations.md lists every check', () => {
  const [, section = ''] = readFileSync('docs/operations.md', 'utf8').split('## Before a deployment');
  const [rows = ''] = section.split('\n## ');
  const listed = [...rows.matchAll(/^\| (\S.*?) *\|/gm)].map(([, name]) => name);

  expect(listed.filter((name) => name !== 'check' && !name?.startsWith('-'))).toEqual(
    CHECKS.map(({ name }) => name),
  );
});

describe('AWS, requirement 3: executionsAtOnce', () => {
  it('adds up what runs in parallel: batches, schedules, a shard, and a burst of webhooks', () => {
    const config = StageConfigSchema.parse({
      stage: 'production',
      orderReporting: { brands: [{ id: 'a', maxConcurrency: 5, audit: {} }, { id: 'b' }] },
      transactions: { throttle: { burstLimit: 1000 }, deferredWebhooks: { maxConcurrency: 4 } },
    });

    // Reporters 5 and 2, sweeps 2, one audit, the expiry of customers; webhooks 25, deferred 4, reconciler 2,
    // and three more.
    expect(executionsAtOnce(config)).toBe(5 + 2 + 2 + 1 + 1 + 25 + 4 + 2 + 3);
  });

  it('includes every function of a stage', () => {
    const transactions = {
      throttle: { burstLimit: 1000 },
      publisherApi: { burstLimit: 400 },
      rewardQueue: { deliverTo: { url: 'https://rewards.example.com', maxConcurrency: 7 } },
    };
    const without = executionsAtOnce(StageConfigSchema.parse({ stage: 'production', transactions: {} }));
    const burst = StageConfigSchema.parse({ stage: 'production', transactions: {} }).transactions?.throttle;
    const withAll = executionsAtOnce(StageConfigSchema.parse({ stage: 'production', transactions }));

    const ofWebhooks = Math.ceil((burst?.burstLimit ?? 0) * 0.025);
    // Of the publisher API 10, of the delivery 7.
    expect(withAll - without).toBe(25 - ofWebhooks + 10 + 7);
  });
});

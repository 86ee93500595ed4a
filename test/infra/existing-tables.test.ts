import { App } from 'aws-cdk-lib/core';
import { AccountRootPrincipal, ArnPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';

import { StageConfigSchema } from '../../infra/config.ts';
import { misplacedArns } from '../../infra/deployment-target.ts';
import { TransactionsStack } from '../../infra/stacks/transactions-stack.ts';
import { TransactionsConfigSchema } from '../../infra/transactions-config.ts';
import { UNCHECKED_APP } from '../../infra/unchecked-app.ts';
import { tableChanges } from '../../infra/upgrade/existing-tables.ts';
import { lostState } from '../../infra/upgrade/lost-state.ts';
import { parseTemplates, type Templates } from '../../infra/upgrade/templates.ts';
import { DEVELOPMENT_STAGE, PRODUCTION_STAGE, synthesizeStage } from './synthesized-stage.ts';
import { TINY_BUNDLES_FOLDER } from './tiny-bundles.ts';

const STREAM_ARN = 'arn:aws:dynamodb:eu-west-1:111122223333:table/tx-restored/stream/2026-06-01T12:00:00.000';
const EXISTING = {
  orderLedger: 'ledger-restored',
  orderQuarantine: 'Button-production-OrderQuarantine',
  transactions: { name: 'tx-restored', streamArn: STREAM_ARN },
  positions: 'positions-restored',
  webhookQuarantine: 'webhooks-restored',
};
const STAGE = { ...PRODUCTION_STAGE, orderReporting: DEVELOPMENT_STAGE.orderReporting };
const own = synthesizeStage(STAGE);
const existing = synthesizeStage({ ...STAGE, existingTables: EXISTING });

const NAMES: Readonly<Record<string, string>> = {
  OrderLedger: EXISTING.orderLedger,
  OrderQuarantine: EXISTING.orderQuarantine,
  Transactions: EXISTING.transactions.name,
  Positions: EXISTING.positions,
  WebhookQuarantine: EXISTING.webhookQuarantine,
};

/**
 * Replaces ARNs of the stack's account and region, and references to a table of the stack, by what they name.
 */
function plainly(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainly);
  if (typeof value !== 'object' || value === null) return value;
  const { 'Fn::Join': join, 'Fn::GetAtt': attribute, Ref: ref } = value as Record<string, unknown>;
  const table = Array.isArray(attribute) ? NAMES[String(attribute[0])] : NAMES[String(ref)];
  if (table !== undefined && ref !== undefined) return table;
  if (table !== undefined && Array.isArray(attribute)) {
    return attribute[1] === 'StreamArn'
      ? STREAM_ARN
      : `arn:(AWS::Partition):dynamodb:(AWS::Region):(AWS::AccountId):table/${table}`;
  }
  if (Array.isArray(join)) return (plainly(join[1]) as unknown[]).map(String).join(String(join[0]));
  if (typeof ref === 'string') return `(${ref})`;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plainly(inner)]));
}

const using = (stage: typeof own, type: string) =>
  stage
    .resources(type)
    .map(({ logicalId, Properties }) => [
      logicalId,
      JSON.parse(
        JSON.stringify(plainly(Properties)).replaceAll('Button-production-OrderLedger', EXISTING.orderLedger),
      ) as unknown,
    ]);

describe('AWS, requirement 10: a stage that names existing tables', () => {
  it('creates none of them', () => {
    expect(own.resources('AWS::DynamoDB::Table')).toHaveLength(5);
    expect(existing.resources('AWS::DynamoDB::Table')).toEqual([]);
  });

  it.each([
    'AWS::IAM::Role',
    'AWS::Lambda::Function',
    'AWS::Lambda::EventSourceMapping',
    'AWS::CloudWatch::Alarm',
  ])('points everything at them that otherwise points at the tables of the stacks: %s', (type) => {
    expect(using(existing, type)).toEqual(using(own, type));
    expect(JSON.stringify(using(existing, type))).toMatch(/-restored/);
  });

  it('shows in its outputs which tables it uses, for npm run ops', () => {
    for (const [logicalId, name] of Object.entries(NAMES))
      expect(existing.outputValue(`${logicalId}TableName`)).toBe(name);
  });

  it('shows tables on the board whose names do not contain the name of the stage', () => {
    const [, technical = ''] = existing
      .resources('AWS::CloudWatch::Dashboard')
      .map(({ Properties }) => JSON.stringify(Properties['DashboardBody']));

    for (const name of Object.values(NAMES))
      expect(technical.includes(`TableName=\\\\\\"${name}\\\\\\"`)).toBe(!name.startsWith('Button-'));
  });

  it('uses some of them together with its own tables', () => {
    const mixed = synthesizeStage({ ...STAGE, existingTables: { positions: 'positions-restored' } });

    expect(
      mixed
        .resources('AWS::DynamoDB::Table')
        .map(({ logicalId }) => logicalId)
        .sort(),
    ).toEqual(['OrderLedger', 'OrderQuarantine', 'Transactions', 'WebhookQuarantine']);
  });

  it('grants access to a reader of its account, and says that the owner of the table grants access to another account', () => {
    const config = StageConfigSchema.parse({ ...PRODUCTION_STAGE, existingTables: EXISTING });
    const stack = new TransactionsStack(new App(UNCHECKED_APP), 'Test', {
      deployment: { config, bundlesFolder: TINY_BUNDLES_FOLDER },
      transactionsConfig: TransactionsConfigSchema.parse({}),
    });
    const reader = new Role(stack, 'Reader', { assumedBy: new AccountRootPrincipal() });

    stack.grantReadTransactions(reader).assertSuccess();

    expect(JSON.stringify(Template.fromStack(stack).toJSON())).toContain(
      ':table/tx-restored/index/byShopper',
    );
    expect(() => {
      stack.grantReadTransactions(new ArnPrincipal('arn:aws:iam::444455556666:role/reader')).assertSuccess();
    }).toThrow();
  });
});

describe('existingTables', () => {
  const problemsOf = (config: object) =>
    StageConfigSchema.safeParse(config).error?.issues.map(
      ({ path, message }) => `${path.join('.')}: ${message}`,
    ) ?? [];

  it.each([
    [
      'a name that DynamoDB does not accept',
      { ...STAGE, existingTables: { positions: 'a table' } },
      /positions: must be the name/,
    ],
    [
      'an ARN for a name',
      { ...STAGE, existingTables: { orderLedger: 'arn:aws:dynamodb:eu-west-1:111122223333:table/x' } },
      /orderLedger: must be the name/,
    ],
    [
      'transactions without a stream',
      { ...STAGE, existingTables: { transactions: { name: 'tx-restored' } } },
      /transactions\.streamArn: /,
    ],
    [
      "a table's ARN for its stream's",
      {
        ...STAGE,
        existingTables: { transactions: { name: 'tx-restored', streamArn: STREAM_ARN.split('/stream')[0] } },
      },
      /streamArn: must be the ARN of a table's stream/,
    ],
    [
      'the stream of another table',
      { ...STAGE, existingTables: { transactions: { name: 'other', streamArn: STREAM_ARN } } },
      /streamArn: must be of a stream of the table other; it is of tx-restored/,
    ],
    [
      'one table for two',
      { ...STAGE, existingTables: { positions: 'same', webhookQuarantine: 'same' } },
      /positions: must be a table of its own: same is that of webhookQuarantine/,
    ],
    [
      'the ledger that the stack creates, for its quarantine',
      { ...STAGE, existingTables: { orderQuarantine: 'Button-production-OrderLedger' } },
      /orderQuarantine: must be a table of its own: Button-production-OrderLedger is that of orderLedger/,
    ],
    [
      'a table of a flow that is not deployed',
      { stage: 'production', transactions: {}, existingTables: { orderLedger: 'ledger-restored' } },
      /orderLedger: must be left out: orderReporting, which uses it, isn't deployed/,
    ],
    [
      'the very table that CloudFormation deletes as it leaves the stack',
      { ...DEVELOPMENT_STAGE, existingTables: { orderLedger: 'Button-development-OrderLedger' } },
      /orderLedger: must not be Button-development-OrderLedger in a stage without keepData/,
    ],
  ])('refuses %s', (_fault, config, problem) => {
    expect(problemsOf(config).join('\n')).toMatch(problem);
  });

  it('finds the kept tables of a deleted stack by their fixed names', () => {
    const existingTables = {
      orderLedger: 'Button-production-OrderLedger',
      orderQuarantine: 'Button-production-OrderQuarantine',
    };

    expect(problemsOf({ ...STAGE, existingTables })).toEqual([]);
  });

  it.each([
    [
      'region',
      { account: '111122223333', region: 'us-east-1' },
      'is in the region eu-west-1, but the stacks are deployed to us-east-1',
    ],
    [
      'account',
      { account: '444455556666', region: 'eu-west-1' },
      'is in the account 111122223333, but the stacks are deployed to 444455556666',
    ],
  ])('is compared with the %s of the stage', (_part, target, problem) => {
    const config = StageConfigSchema.parse({ ...STAGE, existingTables: EXISTING });

    expect(misplacedArns(config, target)).toEqual([`existingTables.transactions.streamArn: ${problem}`]);
  });
});

describe('the upgrade check', () => {
  const templatesOf = (stage: typeof own): Templates =>
    parseTemplates(
      Object.fromEntries(
        stage.templateText
          .split(/^\}\n/mu)
          .map((text, index): [string, unknown] => [
            stage.stackNames[index] ?? '',
            JSON.parse(text.endsWith('}') ? text : `${text}}`),
          ]),
      ),
    );
  const development = { ...STAGE, stage: 'development' };

  it('says that a kept table leaves the stack with its items, and loses nothing', () => {
    const [before, after] = [templatesOf(own), templatesOf(existing)];

    expect(lostState(before, after)).toEqual([]);
    expect(tableChanges(before, after)).toHaveLength(5);
    expect(tableChanges(before, after)[0]).toBe(
      'Button-production-OrderReporting: the table OrderLedger would leave the stack and stay in the account with all its items, stream and protection. The stage would use the existing table ledger-restored: the same table, if that is its name. Otherwise nothing is copied, and what is only in the old table is missing.',
    );
  });

  it('fails if the table in use would be deleted, and says what to do first', () => {
    const [before, after] = [development, { ...development, existingTables: { positions: 'restored' } }].map(
      (config) => templatesOf(synthesizeStage(config)),
    ) as [Templates, Templates];

    expect(lostState(before, after)).toEqual([
      'Button-development-Transactions: Positions (AWS::DynamoDB::Table) would be deleted.',
    ]);
    expect(tableChanges(before, after)).toEqual([
      expect.stringMatching(/Positions would be DELETED .+ deploy with keepData first/) as string,
    ]);
  });

  it('fails if the setting is removed: the stage would start with an empty table', () => {
    const after = templatesOf(
      synthesizeStage({ ...STAGE, existingTables: { ...EXISTING, positions: undefined } }),
    );

    expect(lostState(templatesOf(existing), after)).toEqual([
      'Button-production-Transactions: the existing table positions-restored would not be used any more, and the stack would create a new, empty Positions.',
    ]);
  });

  it('says that another existing table replaces the one in use', () => {
    const after = templatesOf(
      synthesizeStage({ ...STAGE, existingTables: { ...EXISTING, positions: 'later' } }),
    );

    expect(lostState(templatesOf(existing), after)).toEqual([]);
    expect(tableChanges(templatesOf(existing), after)).toEqual([
      'Button-production-Transactions: the stage would use the existing table later as Positions instead of positions-restored, which stays unchanged. Nothing is copied.',
    ]);
  });

  it('says nothing if nothing changes', () => {
    expect(tableChanges(templatesOf(own), templatesOf(own))).toEqual([]);
    expect(tableChanges(templatesOf(existing), templatesOf(existing))).toEqual([]);
  });
});

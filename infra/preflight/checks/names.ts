import { paginateDescribeAlarms, type CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { DescribeEventBusCommand } from '@aws-sdk/client-eventbridge';
import { GetPolicyCommand } from '@aws-sdk/client-iam';
import { GetTopicAttributesCommand } from '@aws-sdk/client-sns';

import { operatorPolicyName } from '../../constructs/operator-policies.ts';
import { ownOrderTableName } from '../../existing-tables.ts';
import { ok, problem, unlessMissing, type Check, type Finding, type PreflightContext } from '../check.ts';
import { owns } from '../deployed-stacks.ts';

/** Fixed names that something outside the stage's stacks has. */
export const names: Check = {
  name: 'names',
  explains:
    'The tables of orders, the topics, the event bus, the managed policies and the alarms have fixed names. CloudFormation refuses to create one that already exists, for example after a stack was deleted and kept its data. Log groups never clash: their names end in the id of the stack.',
  async run(context) {
    const clashes = [
      ...(await clashingTables(context)),
      ...(await clashingTopics(context)),
      ...(await clashingBus(context)),
      ...(await clashingPolicies(context)),
      ...(await clashingAlarms(context)),
    ];
    return clashes.length > 0 ? clashes : [ok('nothing outside the stacks has a name that they need')];
  },
};

async function clashingTables({ config, clients, stacks }: PreflightContext): Promise<Finding[]> {
  if (!config.orderReporting) return [];
  const own = (['orderLedger', 'orderQuarantine'] as const).filter(
    (table) => config.existingTables[table] === undefined,
  );
  const found: Finding[] = [];
  for (const table of own) {
    const name = ownOrderTableName(table, config.stage);
    if (owns(await stacks(), name)) continue;
    const answer = await unlessMissing(clients.dynamodb.send(new DescribeTableCommand({ TableName: name })), [
      'ResourceNotFoundException',
    ]);
    if (answer)
      found.push(
        problem(
          `the table ${name} exists outside the stacks`,
          `Use it: existingTables.${table}: "${name}"; or delete it (docs/restore.md).`,
        ),
      );
  }
  return found;
}

async function clashingTopics({
  config,
  clients,
  stacks,
  caller,
  account,
  region,
}: PreflightContext): Promise<Finding[]> {
  const partition = caller.split(':')[1] ?? 'aws';
  const found: Finding[] = [];
  for (const severity of ['page', 'ticket'] as const) {
    const arn = `arn:${partition}:sns:${region}:${account}:Button-${config.stage}-${severity}`;
    if (config.alarms[severity].topicArn !== undefined || owns(await stacks(), arn)) continue;
    const answer = await unlessMissing(clients.sns.send(new GetTopicAttributesCommand({ TopicArn: arn })), [
      'NotFoundException',
      'NotFound',
    ]);
    if (answer)
      found.push(
        problem(
          `the topic ${arn} exists outside the stacks`,
          `Use it: alarms.${severity}.topicArn; or delete it: aws sns delete-topic --topic-arn ${arn}`,
        ),
      );
  }
  return found;
}

async function clashingBus({ config, clients, stacks }: PreflightContext): Promise<Finding[]> {
  const name = `ButtonTransactions-${config.stage}`;
  if (!config.transactions || owns(await stacks(), name)) return [];
  const answer = await unlessMissing(clients.eventBridge.send(new DescribeEventBusCommand({ Name: name })), [
    'ResourceNotFoundException',
  ]);
  return answer
    ? [
        problem(
          `the event bus ${name} exists outside the stacks`,
          `Choose another stage, or delete it: aws events delete-event-bus --name ${name}`,
        ),
      ]
    : [];
}

/** A policy that is attached to somebody outlives its stack: IAM does not delete it. */
async function clashingPolicies(context: PreflightContext): Promise<Finding[]> {
  const { config, clients, stacks, caller, account, region } = context;
  const sides = [
    ...(config.orderReporting ? (['Order'] as const) : []),
    ...(config.transactions ? (['Transaction'] as const) : []),
  ];
  const policies = sides.flatMap((side) => [`${side}Readers`, `${side}Operators`] as const);
  const found: Finding[] = [];
  for (const policy of policies) {
    const name = operatorPolicyName(policy, { stage: config.stage, region });
    const arn = `arn:${caller.split(':')[1] ?? 'aws'}:iam::${account}:policy/${name}`;
    if (owns(await stacks(), arn)) continue;
    const answer = await unlessMissing(clients.iam.send(new GetPolicyCommand({ PolicyArn: arn })), [
      'NoSuchEntity',
      'NoSuchEntityException',
    ]);
    if (answer)
      found.push(
        problem(
          `the managed policy ${name} exists outside the stacks`,
          `Detach it from everybody whom aws iam list-entities-for-policy lists, then: aws iam delete-policy --policy-arn ${arn}`,
        ),
      );
  }
  return found;
}

async function clashingAlarms({ config, clients, stacks }: PreflightContext): Promise<Finding[]> {
  const alarms = await alarmNames(clients.cloudWatch, `Button/${config.stage}/`);
  const owned = await stacks();
  return alarms
    .filter((name) => !owns(owned, name))
    .map((name) =>
      problem(
        `the alarm ${name} exists outside the stacks`,
        `aws cloudwatch delete-alarms --alarm-names ${name}`,
      ),
    );
}

async function alarmNames(client: CloudWatchClient, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { MetricAlarms: alarms = [] } of paginateDescribeAlarms(
    { client },
    { AlarmNamePrefix: prefix },
  ))
    found.push(...alarms.flatMap(({ AlarmName: name }) => name ?? []));
  return found;
}

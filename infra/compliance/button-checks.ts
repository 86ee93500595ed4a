import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { CfnResource, Stack, type App } from 'aws-cdk-lib/core';
import { NagMessageLevel, NagPack, NagRuleCompliance, rules } from 'cdk-nag';
import * as z from 'zod';

import { LEAST_RECEIVES } from '../queue-limits.ts';
import type { StackResources } from './role-statements.ts';
import { isUndeclaredLoop } from './undeclared-loop.ts';

/** A resource as it will be in the template. */
type Resource = z.output<typeof ResourceSchema>;

const ResourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
});
const FragmentSchema = z.object({ Resources: z.record(z.string(), ResourceSchema) });

/** One thing that a resource of these types must be, or must not. */
type Rule = {
  id: string;
  types: readonly string[];
  /** What is wrong, and how to fix it. */
  info: string;
  isKept: (resource: Resource) => boolean;
};

const TABLES = ['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'];
const RESOURCE_POLICIES = [
  'AWS::SQS::QueuePolicy',
  'AWS::SNS::TopicPolicy',
  'AWS::Events::EventBusPolicy',
  'AWS::SecretsManager::ResourcePolicy',
];

/** The checks for a stage that keeps its data. */
const RULES_FOR_RETAINED_DATA: readonly Rule[] = [
  {
    id: 'TableRestorable',
    types: TABLES,
    info: 'The table cannot be restored to a point in time: switch point-in-time recovery on.',
    isKept: (table) => partsOf(table).every(isRestorable),
  },
  {
    id: 'TableUndeletable',
    types: TABLES,
    info: 'The table can be deleted by accident: switch deletion protection on.',
    isKept: (table) => partsOf(table).every((part) => part['DeletionProtectionEnabled'] === true),
  },
  {
    id: 'DataRetained',
    types: [...TABLES, 'AWS::SQS::Queue', 'AWS::SecretsManager::Secret', 'AWS::Logs::LogGroup'],
    info: 'What the resource holds would go with the stack: give it the removal policy RETAIN_ON_UPDATE_OR_DELETE.',
    isKept: ({ DeletionPolicy, UpdateReplacePolicy }) =>
      DeletionPolicy === 'RetainExceptOnCreate' && UpdateReplacePolicy === 'Retain',
  },
];

/** The checks for every stage. */
const RULES: readonly Rule[] = [
  {
    id: 'RedeliveryForgiving',
    types: ['AWS::SQS::Queue'],
    info: `A receive that Lambda gives back counts as well: let a message be received at least ${LEAST_RECEIVES} times before it is moved to the dead-letter queue.`,
    isKept: ({ Properties: { RedrivePolicy } }) =>
      RedrivePolicy === undefined || numberIn(RedrivePolicy, 'maxReceiveCount') >= LEAST_RECEIVES,
  },
  {
    id: 'BatchItemFailuresReported',
    types: ['AWS::Lambda::EventSourceMapping'],
    info: 'One failure would bring the whole batch again: report batch item failures.',
    isKept: ({ Properties }) =>
      listOf(Properties['FunctionResponseTypes']).includes('ReportBatchItemFailures'),
  },
  {
    id: 'NothingFiltered',
    types: ['AWS::Lambda::EventSourceMapping'],
    info: 'What a filter does not match is deleted: leave the filter out.',
    isKept: ({ Properties }) => Properties['FilterCriteria'] === undefined,
  },
  {
    id: 'ConcurrencyBounded',
    types: ['AWS::Lambda::EventSourceMapping'],
    info: 'A full queue would take the whole account: set the maximum concurrency of the mapping.',
    // A stream has one invocation for each of its shards.
    isKept: ({ Properties }) =>
      Properties['StartingPosition'] !== undefined ||
      numberIn(Properties['ScalingConfig'], 'MaximumConcurrency') >= 2,
  },
  {
    id: 'NothingReserved',
    types: ['AWS::Lambda::Function'],
    info: 'A new account has ten executions in all, and a reserve throws messages back: bound the mapping instead.',
    isKept: ({ Properties }) => Properties['ReservedConcurrentExecutions'] === undefined,
  },
  {
    id: 'LogsComplete',
    types: ['AWS::Lambda::Function'],
    // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
    info: 'Log in JSON, to a log group of the stack, at INFO or finer: Lambda takes lines of metrics for INFO.',
    isKept: ({ Properties: { LoggingConfig } }) =>
      valueIn(LoggingConfig, 'LogGroup') !== undefined &&
      valueIn(LoggingConfig, 'LogFormat') === 'JSON' &&
      ['TRACE', 'DEBUG', 'INFO'].some((level) => level === valueIn(LoggingConfig, 'ApplicationLogLevel')),
  },
  {
    id: 'NoSecretInEnvironment',
    types: ['AWS::Lambda::Function'],
    info: 'Everybody who may see the function sees its environment: give it the ARN of a secret, and no value.',
    isKept: ({ Properties: { Environment } }) => !mayHoldSecret(valueIn(Environment, 'Variables')),
  },
  {
    id: 'SecretUnset',
    types: ['AWS::SecretsManager::Secret'],
    info: "The secret is Button's to issue: create it without a value, and put the value in by hand.",
    isKept: ({ Properties }) =>
      Properties['SecretString'] === undefined && Properties['GenerateSecretString'] === undefined,
  },
  {
    id: 'AlarmNotifies',
    types: ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'],
    info: 'Nobody would know the alarm, be notified of it, or of its end: give it a name, an action and an OK action.',
    isKept: ({ Properties: { AlarmName, AlarmActions, OKActions, ActionsEnabled } }) =>
      AlarmName !== undefined &&
      listOf(AlarmActions).length > 0 &&
      listOf(OKActions).length > 0 &&
      ActionsEnabled !== false,
  },
  {
    id: 'NoFunctionUrl',
    types: ['AWS::Lambda::Url'],
    info: 'A function URL has no throttle and no access log: put the function behind the HTTP API.',
    isKept: () => false,
  },
  {
    id: 'NobodyUnnamed',
    types: RESOURCE_POLICIES,
    info: 'The policy lets everybody in: name the principals.',
    isKept: ({ Properties }) => !statementsOf(Properties).some(letsEverybodyIn),
  },
  {
    id: 'InvokersNamed',
    types: ['AWS::Lambda::Permission'],
    info: 'The permission lets everybody, or any API, invoke the function: name the principal and its source.',
    isKept: ({ Properties }) => Properties['Principal'] !== '*' && Properties['SourceArn'] !== undefined,
  },
  {
    id: 'DomainModern',
    types: ['AWS::ApiGatewayV2::DomainName'],
    info: 'The domain accepts old versions of TLS: set the security policy TLS_1_2.',
    isKept: ({ Properties }) => {
      const configurations = listOf(Properties['DomainNameConfigurations']);
      return (
        configurations.length > 0 &&
        configurations.every((each) => valueIn(each, 'SecurityPolicy') === 'TLS_1_2')
      );
    },
  },
];

/** What cdk-nag's packs do not check and this system promises, as a pack like theirs. */
export class ButtonChecks extends NagPack {
  readonly name = 'Button';

  readonly #rules: readonly Rule[];

  constructor(app: App, { retainsData }: { retainsData: boolean }) {
    super(app);
    this.packName = this.name;
    this.#rules = retainsData ? [...RULES, ...RULES_FOR_RETAINED_DATA] : RULES;
  }

  protected checkResource(node: CfnResource): void {
    this.applyRule({
      node,
      info: 'The queue shows a message again while its worker may still run: hide it for six times as long.',
      explanation: 'Of the rules of cdk-nag, in none of its packs.',
      level: NagMessageLevel.ERROR,
      rule: rules.lambda.LambdaEventSourceSQSVisibilityTimeout,
    });
    this.applyRule({
      node,
      ruleSuffixOverride: 'LoopDeclared',
      info: 'The function may send to the queue that starts it, and Lambda stops it after 16 rounds: take the right away, or declare the loop.',
      explanation: 'A promise of this system that no pack of cdk-nag looks at.',
      level: NagMessageLevel.ERROR,
      rule: () => {
        if (!(node instanceof CfnEventSourceMapping)) return NagRuleCompliance.NOT_APPLICABLE;
        const isLoop = resourcesOf(node).some(({ Properties }) =>
          isUndeclaredLoop(Properties, stackResources(Stack.of(node))),
        );
        return isLoop ? NagRuleCompliance.NON_COMPLIANT : NagRuleCompliance.COMPLIANT;
      },
    });
    for (const resource of resourcesOf(node)) {
      for (const { id, types, info, isKept } of this.#rules) {
        this.applyRule({
          node,
          ruleSuffixOverride: id,
          info,
          explanation: 'A promise of this system that no pack of cdk-nag looks at.',
          level: NagMessageLevel.ERROR,
          rule: () => {
            if (!types.includes(resource.Type)) return NagRuleCompliance.NOT_APPLICABLE;
            return isKept(resource) ? NagRuleCompliance.COMPLIANT : NagRuleCompliance.NON_COMPLIANT;
          },
        });
      }
    }
  }
}

function resourcesOf(node: CfnResource): Resource[] {
  return Object.values(fragmentOf(node));
}

function fragmentOf(node: CfnResource): Record<string, Resource> {
  return FragmentSchema.parse(Stack.of(node).resolve(node._toCloudFormation())).Resources;
}

function stackResources(stack: Stack): StackResources {
  const nodes = stack.node.findAll().filter((construct) => CfnResource.isCfnResource(construct));
  return new Map(nodes.flatMap((node) => Object.entries(fragmentOf(node))));
}

/** A table's own settings; of a global table those of its replicas. */
function partsOf({ Properties }: Resource): Record<string, unknown>[] {
  const replicas = Properties['Replicas'];
  return replicas === undefined ? [Properties] : listOf(replicas).map((replica) => recordOf(replica));
}

function isRestorable(table: Record<string, unknown>): boolean {
  return valueIn(table['PointInTimeRecoverySpecification'], 'PointInTimeRecoveryEnabled') === true;
}

/** Whether a variable has the name of a secret, or a value in which CloudFormation would put a secret. */
function mayHoldSecret(variables: unknown): boolean {
  return Object.entries(recordOf(variables)).some(
    ([name, value]) =>
      /(SECRET|SECRETS|KEY|TOKEN|PASSWORD)$/.test(name) || JSON.stringify(value).includes('{{resolve:'),
  );
}

function statementsOf(properties: Record<string, unknown>): unknown[] {
  const { PolicyDocument, ResourcePolicy, Statement } = properties;
  return [PolicyDocument, ResourcePolicy]
    .flatMap((document) => listOf(valueIn(document, 'Statement')))
    .concat(listOf(Statement));
}

function letsEverybodyIn(statement: unknown): boolean {
  if (valueIn(statement, 'Effect') !== 'Allow') return false;
  const principal = valueIn(statement, 'Principal');
  return [principal, ...Object.values(recordOf(principal)).flatMap(listOf)].includes('*');
}

function recordOf(value: unknown): Record<string, unknown> {
  const { success, data } = z.record(z.string(), z.unknown()).safeParse(value);
  return success ? data : {};
}

function valueIn(value: unknown, key: string): unknown {
  return recordOf(value)[key];
}

function numberIn(value: unknown, key: string): number {
  return Number(valueIn(value, key));
}

function listOf(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

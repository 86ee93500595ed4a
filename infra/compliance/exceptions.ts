import { CfnResource, Validations, type App } from 'aws-cdk-lib/core';

import { retainsData, type StageConfig } from '../config.ts';

/** A finding of the packs that is accepted. */
export type ComplianceException = {
  /** The rule; with its finding, if the rule distinguishes several: `AwsSolutions-IAM5[Resource::*]`. */
  id: string;
  /** The resources for which it holds, by their construct paths. */
  resources: RegExp;
  /** The stages for which it holds; all of them unless given. */
  stages?: (config: StageConfig) => boolean;
  reason: string;
};

const FUNCTION = /\/(Worker|Receiver|Publisher|Delivery|PublisherApi\/Function)\/Function\/Resource$/;
const FUNCTION_ROLE = /\/(Worker|Receiver|Publisher|Delivery|PublisherApi\/Function)\/Role\/Resource$/;

/** Every exception. A test compares the list with the findings of the packs, both ways. */
export const COMPLIANCE_EXCEPTIONS: readonly ComplianceException[] = [
  {
    id: 'AwsSolutions-DDB3',
    resources: /\/(OrderLedger|OrderQuarantine|Transactions|Positions|WebhookQuarantine)\/Resource$/,
    stages: (config) => !retainsData(config),
    reason: 'Only a production stage keeps its data; the data of any other stage may be deleted with it.',
  },
  {
    id: 'Serverless-LambdaTracing',
    resources: FUNCTION,
    stages: ({ tracing }) => !tracing,
    reason:
      'The configuration of this stage switches tracing off, because of its cost or because X-Ray is missing.',
  },
  {
    id: 'AwsSolutions-IAM5[Resource::*]',
    resources: FUNCTION_ROLE,
    stages: ({ tracing }) => tracing,
    reason:
      'X-Ray has no resources that a policy could name: xray:PutTraceSegments and xray:PutTelemetryRecords can only be allowed on *.',
  },
  {
    id: 'AwsSolutions-IAM5[Resource::*]',
    resources: /\/(Order|Transaction)Policies\/\1(Readers|Operators)\/Resource$/,
    reason:
      'lambda:GetAccountSettings is about the account, and metrics are not resources that a policy could name: it and cloudwatch:GetMetricData can only be allowed on *.',
  },
  ...['sqs:<AWS::Region>:<AWS::AccountId>:*', 'secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:*'].map(
    (resource) => ({
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:${resource}]`,
      resources: /\/OrderPolicies\/Order(Readers|Operators)\/Resource$/,
      reason:
        "Each brand has a stack of its own: the condition on the tag limits this to the brands' resources.",
    }),
  ),
  {
    id: 'Serverless-LambdaStarPermissions',
    resources: FUNCTION_ROLE,
    stages: ({ tracing }) => tracing,
    reason:
      'The same statement for X-Ray; nothing else is allowed on *, and a stage without tracing has none.',
  },
  {
    id: 'AwsSolutions-IAM5[Resource::<Transactions.Arn>/stream/*]',
    resources: /\/Publication\/Publisher\/Role\/Resource$/,
    reason:
      "The resource of dynamodb:ListStreams is the streams of a table, and nobody knows a stream's label before the deployment.",
  },
  {
    id: 'AwsSolutions-APIG4',
    resources: /\/Intake\/Endpoint\/Api\/POST--webhooks--button\/Resource$/,
    reason:
      "Button signs each webhook; the receiver checks the HMAC over the body's bytes. An authorizer does not get the body.",
  },
  ...['AwsSolutions-APIG1', 'Serverless-APIGWAccessLogging'].map((id) => ({
    id,
    resources: /\/PublisherApi\/Stage\/Resource$/,
    stages: ({ transactions }: StageConfig) => transactions?.publisherApi !== undefined,
    reason: 'The query of a URL names a shopper, and an access log would keep it.',
  })),
  {
    id: 'AwsSolutions-SMG4',
    resources: /\/(ApiKey|Secrets)\/Secret$/,
    reason:
      "Keys and webhook secrets are issued in Button's Dashboard, and your own receiver has to know the one that signs events, so AWS alone cannot replace them.",
  },
  {
    id: 'AwsSolutions-SQS3',
    resources: /\/Publication\/Failures\/Resource$/,
    reason:
      'It is a dead-letter queue itself: the on-failure destination of a stream mapping, which the rule does not see.',
  },
  {
    id: 'Serverless-SQSRedrivePolicy',
    resources: /\/(DeadLetterQueue|Failures)\/Resource$/,
    reason:
      'It holds the messages that could not be handled. They stay for 14 days, and an alarm reports the first.',
  },
  {
    id: 'Serverless-LambdaDLQ',
    resources: FUNCTION,
    reason:
      'The setting is for asynchronous invocations. Queue, stream and gateway invoke synchronously, with dead-letter queues or retries of their own; the run that follows a failed scheduled run does its work.',
  },
  {
    id: 'Serverless-LambdaAsyncFailureDestination',
    resources: /\/Worker\/Function\/EventInvokeConfig\/Resource$/,
    reason:
      'A scheduled run carries nothing that could be lost: the next one does its work, and an alarm reports that runs are missing.',
  },
  {
    id: 'Serverless-LambdaEventSourceMappingDestination',
    resources: /\/(Reporter|DeferredWebhooks|Reconciler|Rewards)\/Mapping\/Resource$/,
    reason:
      "A mapping of an SQS queue has no on-failure destination: the queue's own redrive policy applies.",
  },
  {
    id: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:cloudwatch:<AWS::Region>:<AWS::AccountId>:alarm:*]',
    resources: /\/Reminder\/Role\/Resource$/,
    reason:
      'cloudwatch:DescribeAlarms looks for alarms by state and prefix, so its resource is every alarm of the account.',
  },
  {
    id: 'AwsSolutions-SF1',
    resources: /\/Reminder\/StateMachine$/,
    reason:
      'It runs once a day with three steps, whose inputs and outputs Step Functions keeps for 90 days without a log.',
  },
  {
    id: 'AwsSolutions-SF2',
    resources: /\/Reminder\/StateMachine$/,
    reason: 'Nobody waits for a reminder, so its speed does not matter.',
  },
  {
    id: 'Serverless-StepFunctionStateMachineXray',
    resources: /\/Reminder\/StateMachine$/,
    reason: 'Nobody waits for a reminder, so its speed does not matter.',
  },
  {
    id: 'Serverless-EventBusDLQ',
    resources: /\/(Reminder\/Rule|(ApiKey|Secrets)\/DeletionRule)$/,
    reason:
      'EventBridge tries for 24 hours to deliver a notice or to start a reminder. After that, it would help nobody.',
  },
  {
    id: 'Serverless-SNSRedrivePolicy',
    resources: /\/(Page|Ticket)Email$/,
    reason: 'SNS tries for hours to deliver an e-mail, and the state of each alarm can be read at any time.',
  },
];

/** Attaches every exception to exactly the resources for which it holds. */
export function acknowledgeExceptions(app: App, config: StageConfig): void {
  for (const resource of app.node.findAll().filter((construct) => CfnResource.isCfnResource(construct))) {
    const exceptions = exceptionsFor(resource, config);
    if (exceptions.length > 0)
      Validations.of(resource).acknowledge(...exceptions.map(({ id, reason }) => ({ id, reason })));
  }
}

/** The exceptions that hold for a resource in a stage, with the ids that the packs give there. */
export function exceptionsFor({ node }: CfnResource, config: StageConfig): ComplianceException[] {
  return COMPLIANCE_EXCEPTIONS.filter(
    ({ resources, stages = () => true }) => resources.test(node.path) && stages(config),
  ).map((exception) => ({ ...exception, id: idIn(config, exception.id) }));
}

/**
 * The packs name a resource by its ARN in the stack: with account, region and existing table if the
 * configuration names them.
 */
function idIn({ account, region, existingTables }: StageConfig, id: string): string {
  const table = existingTables.transactions?.name;
  const arn = `arn:<AWS::Partition>:dynamodb:<AWS::Region>:<AWS::AccountId>:table/${table ?? ''}`;
  return id
    .replace('<Transactions.Arn>', table === undefined ? '$&' : arn)
    .replace('<AWS::Region>', region ?? '$&')
    .replace('<AWS::AccountId>', account ?? '$&');
}

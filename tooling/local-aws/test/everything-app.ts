import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AlarmWidget, Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { AttributeType, BillingMode, StreamViewType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { CfnRule, EventBus } from 'aws-cdk-lib/aws-events';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  Function,
  LoggingFormat,
  Runtime,
  StartingPosition,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { SqsDlq, SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { FilterPattern, LogGroup, MetricFilter, QueryDefinition, QueryString } from 'aws-cdk-lib/aws-logs';
import { Schedule, ScheduleExpression, ScheduleGroup, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { DeduplicationScope, FifoThroughputLimit, Queue } from 'aws-cdk-lib/aws-sqs';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';

import { UNCHECKED_APP } from '../../../infra/unchecked-app.ts';

/**
 * An app with every resource type that can be deployed locally: orders go from a queue into a table and from
 * its stream to a bus. `codeDirectory` contains the folders `worker` and `publisher`.
 */
export function synthesizeEverything(outdir: string, codeDirectory: string): void {
  const app = new App({ outdir, context: { 'aws:cdk:enable-path-metadata': true }, ...UNCHECKED_APP });
  const stack = new Stack(app, 'Everything');

  const table = new Table(stack, 'Table', {
    partitionKey: { name: 'id', type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    stream: StreamViewType.NEW_AND_OLD_IMAGES,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: true,
    timeToLiveAttribute: 'expiresAt',
  });
  table.addGlobalSecondaryIndex({
    indexName: 'byShopper',
    partitionKey: { name: 'shopper', type: AttributeType.STRING },
  });
  const queue = new Queue(stack, 'Queue', {
    fifo: true,
    deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
    fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
    visibilityTimeout: Duration.seconds(60),
    enforceSSL: true,
    deadLetterQueue: { queue: new Queue(stack, 'DeadLetters', { fifo: true }), maxReceiveCount: 3 },
  });
  const failures = new Queue(stack, 'Failures');
  const bus = new EventBus(stack, 'Bus');
  bus.archive('Archive', { eventPattern: { account: [stack.account] } });
  const secret = new CfnSecret(stack, 'Secret');

  const createFunction = (name: string, environment: Record<string, string>) =>
    new Function(stack, name, {
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(`${codeDirectory}/${name.toLowerCase()}`),
      loggingFormat: LoggingFormat.JSON,
      logGroup: new LogGroup(stack, `${name}Logs`),
      tracing: Tracing.ACTIVE,
      timeout: Duration.seconds(10),
      environment,
    });
  const worker = createFunction('Worker', {
    TABLE: table.tableName,
    SECRET: secret.ref,
    BUTTON_API_URL: 'https://button',
  });
  worker.configureAsyncInvoke({ retryAttempts: 0 });
  worker.addEventSource(new SqsEventSource(queue, { reportBatchItemFailures: true, maxConcurrency: 2 }));
  const publisher = createFunction('Publisher', { BUS: bus.eventBusName });
  table.grant(worker, 'dynamodb:PutItem');
  worker.addToRolePolicy(
    new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [secret.ref] }),
  );
  bus.grantPutEventsTo(publisher);
  table.grantStreamRead(publisher);
  failures.grantSendMessages(publisher);
  publisher.addEventSourceMapping('Stream', {
    eventSourceArn: table.tableStreamArn ?? '',
    startingPosition: StartingPosition.TRIM_HORIZON,
    bisectBatchOnError: true,
    maxRecordAge: Duration.hours(1),
    reportBatchItemFailures: true,
    onFailure: new SqsDlq(failures),
  });

  new MetricFilter(stack, 'Refusals', {
    logGroup: new LogGroup(stack, 'AccessLogs'),
    filterPattern: FilterPattern.literal('{ $.status = "401" }'),
    metricNamespace: 'Everything',
    metricName: 'Refusals',
  });

  new QueryDefinition(stack, 'Question', {
    queryDefinitionName: 'Everything/What happened',
    queryString: new QueryString({ fields: ['@timestamp', '@message'] }),
    logGroups: [worker.logGroup],
  });

  const api = new HttpApi(stack, 'Api');
  api.addRoutes({
    path: '/worker',
    methods: [HttpMethod.POST],
    integration: new HttpLambdaIntegration('Worker', worker),
  });
  new Schedule(stack, 'Nightly', {
    schedule: ScheduleExpression.cron({ minute: '0', hour: '3' }),
    scheduleGroup: new ScheduleGroup(stack, 'Group'),
    target: new LambdaInvoke(worker, { input: ScheduleTargetInput.fromObject({ nightly: true }) }),
  });
  new ManagedPolicy(stack, 'Readers', {
    statements: [new PolicyStatement({ actions: ['dynamodb:GetItem'], resources: [table.tableArn] })],
  });
  const topic = new Topic(stack, 'Topic', { enforceSSL: true });
  topic.addSubscription(new EmailSubscription('somebody@example.com'));
  const alarm = worker.metricErrors().createAlarm(stack, 'Alarm', { threshold: 1, evaluationPeriods: 1 });
  alarm.addAlarmAction(new SnsAction(topic));
  const reminder = new CfnStateMachine(stack, 'Reminder', {
    definition: { StartAt: 'Done', States: { Done: { Type: 'Succeed' } } },
    roleArn: 'arn:aws:iam::000000000000:role/reminder',
  });
  new CfnRule(stack, 'Daily', {
    scheduleExpression: 'rate(1 day)',
    targets: [{ id: 'Reminder', arn: reminder.attrArn }],
  });
  new Dashboard(stack, 'Board', { widgets: [[new AlarmWidget({ alarm })]] });

  new CfnOutput(stack, 'QueueUrl', { value: queue.queueUrl });
  new CfnOutput(stack, 'ApiUrl', { value: api.apiEndpoint });
  new CfnOutput(stack, 'SecretArn', { value: secret.ref });
  app.synth();
}

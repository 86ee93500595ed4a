import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { EventBus, Match } from 'aws-cdk-lib/aws-events';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping, StartingPosition, type Function } from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

import { ExplainedAlarm, STANDS_FOR_A_DAY } from '../constructs/alarm.ts';
import type { DataTable } from '../constructs/data-table.ts';
import { LambdaFunction } from '../constructs/lambda-function.ts';
import { FAILURES } from '../constructs/failures-query.ts';
import { saveLogQuery } from '../constructs/log-query.ts';
import { pinLogicalId } from '../constructs/logical-id.ts';
import { leadingKeys, permission } from '../constructs/permission.ts';
import { dataRemovalPolicy, expiringSeconds, MESSAGE_RETENTION, type Deployment } from '../deployment.ts';
import { eventPublisherEnvironment } from '../function-environments.ts';
import { TIMEOUT_SECONDS } from '../fixed-settings.ts';
import { stageMetrics } from '../metrics.ts';

/** What the publication of events needs. */
export type EventPublicationProps = {
  deployment: Deployment;
  /** A table with a stream of new and old images. */
  transactions: DataTable;
  streamArn: string;
  includePersonalFields: boolean;
  finalizationDays: number;
  /** How long the bus keeps every event for a replay, in days; undefined: not at all. */
  eventArchiveDays: number | undefined;
};

/** From the table's stream to the bus: one event for each version of a transaction. */
export class EventPublication extends Construct {
  /** The bus for consumers. */
  readonly bus: EventBus;
  /** Records of changes that were never published: where they are in the table's stream. */
  readonly failures: Queue;

  readonly #props: EventPublicationProps;

  constructor(scope: Construct, id: string, props: EventPublicationProps) {
    super(scope, id);
    this.#props = props;
    const { deployment, streamArn, includePersonalFields, finalizationDays, eventArchiveDays } = props;
    // A bus must have a name. It contains the stage, so that two stages fit into one account and rules can
    // rely on the name.
    this.bus = new EventBus(this, 'Bus', { eventBusName: `ButtonTransactions-${deployment.config.stage}` });
    pinLogicalId(this.bus, 'ButtonTransactions');
    if (eventArchiveDays !== undefined) {
      this.bus.archive('Archive', {
        eventPattern: { source: Match.prefix('') },
        retention: Duration.days(eventArchiveDays),
      });
    }
    this.failures = pinLogicalId(
      new Queue(this, 'Failures', {
        retentionPeriod: MESSAGE_RETENTION,
        encryption: QueueEncryption.SQS_MANAGED,
        enforceSSL: true,
        removalPolicy: dataRemovalPolicy(deployment),
      }),
      'EventPublisherFailures',
    );
    const environment = eventPublisherEnvironment(
      { includePersonalFields, finalizationDays },
      { eventBusName: this.bus.eventBusName, transactionsTable: props.transactions.tableName },
    );
    const publisher = new LambdaFunction(this, 'Publisher', {
      deployment,
      name: 'event-publisher',
      timeoutSeconds: TIMEOUT_SECONDS.eventPublisher,
      environment,
      permissions: this.#permissions(),
    });
    new EventSourceMapping(this, 'Mapping', {
      target: publisher.lambda,
      eventSourceArn: streamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      // Retried without limit; an hour before the stream drops a record, the failure queue gets its place.
      retryAttempts: -1,
      maxRecordAge: Duration.hours(23),
      onFailure: new SqsDlq(this.failures),
    });
    this.#addAlarmsAndQuery(publisher);
  }

  #permissions(): PolicyStatement[] {
    const { transactions, streamArn } = this.#props;
    return [
      permission(['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'], streamArn),
      permission(['dynamodb:ListStreams'], `${transactions.tableArn}/stream/*`),
      // Checkouts only: the transactions themselves come with the stream.
      permission(
        ['dynamodb:BatchGetItem', 'dynamodb:PutItem'],
        transactions.tableArn,
        leadingKeys('checkout#'),
      ),
      permission(['events:PutEvents'], this.bus.eventBusArn),
      permission(['sqs:SendMessage'], this.failures.queueArn),
    ];
  }

  #addAlarmsAndQuery({ lambda }: LambdaFunction): void {
    const { deployment } = this.#props;
    new ExplainedAlarm(this, 'FailuresAlarm', {
      deployment,
      name: 'PublicationFailures',
      severity: 'page',
      metric: this.failures.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }),
      above: 0,
      impact: 'Changes of transactions were never published: consumers of the bus do not know them.',
      firstCommand: `aws sqs receive-message --visibility-timeout 0 --queue-url ${this.failures.queueUrl}`,
      runbookSection: 'publisher-is-behind',
    });
    new ExplainedAlarm(this, 'FailuresExpiringAlarm', {
      deployment,
      name: 'PublicationFailuresExpiring',
      severity: 'page',
      metric: this.failures.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum' }),
      above: expiringSeconds(0),
      impact:
        'Some changes of transactions were never published. In three days or less, the failure queue deletes the record of which.',
      firstCommand: `aws sqs receive-message --visibility-timeout 0 --queue-url ${this.failures.queueUrl}`,
      runbookSection: 'dead-letters-are-about-to-expire',
    });
    new ExplainedAlarm(this, 'UnreadAlarm', {
      deployment,
      name: 'PublicationUnread',
      severity: 'page',
      metric: unreadWrites(this.#props.transactions, lambda),
      above: 0,
      periods: 2,
      impact:
        'Transactions are written, but the function event-publisher is not invoked: their changes are not published.',
      firstCommand: `aws lambda list-event-source-mappings --function-name ${lambda.functionName}`,
      runbookSection: 'publisher-is-behind',
    });
    new ExplainedAlarm(this, 'BehindAlarm', {
      deployment,
      name: 'PublicationBehind',
      severity: 'page',
      metric: lambda.metric('IteratorAge', { statistic: 'Maximum' }),
      above: Duration.hours(1).toMilliseconds(),
      impact: 'Changes of transactions are published an hour late. After a day, the stream drops them.',
      firstCommand: `aws logs tail ${lambda.logGroup.logGroupName} --since 1h`,
      runbookSection: 'publisher-is-behind',
    });
    this.#addContentAlarms(lambda);
    saveNotPublishedQuery(this, deployment, lambda);
  }

  #addContentAlarms({ logGroup }: Function): void {
    const { deployment } = this.#props;
    new ExplainedAlarm(this, 'ConflictsAlarm', {
      deployment,
      name: 'PublicationConflicts',
      severity: 'ticket',
      metric: stageMetrics(deployment).overall('TransactionConflicts'),
      above: 0,
      impact:
        'Button contradicts itself about a transaction: nobody is rewarded for it until a read settles it.',
      firstCommand: `aws dynamodb scan --table-name ${this.#props.transactions.tableName} --filter-expression "#status = :conflict" --expression-attribute-names '{"#status":"status"}' --expression-attribute-values '{":conflict":{"S":"conflict"}}' --projection-expression pk`,
      runbookSection: 'transactions-in-conflict',
    });
    new ExplainedAlarm(this, 'CategoriesAlarm', {
      deployment,
      name: 'PublicationCategories',
      severity: 'ticket',
      metric: stageMetrics(deployment).overall('TransactionsOfUnknownCategory'),
      above: 0,
      impact: 'Transactions have a category that is in no setting: nobody is rewarded for them.',
      firstCommand: `aws dynamodb scan --table-name ${this.#props.transactions.tableName} --filter-expression "notRewardableReason = :held" --expression-attribute-values '{":held":{"S":"category_unknown"}}' --projection-expression "pk,category"`,
      runbookSection: 'unknown-category',
    });
    new ExplainedAlarm(this, 'UnreadableAlarm', {
      deployment,
      name: 'PublicationUnreadable',
      severity: 'ticket',
      metric: stageMetrics(deployment).overall('UnreadableItems', Duration.hours(1)),
      ...STANDS_FOR_A_DAY,
      impact:
        'Items of the transactions flow are unreadable: they are skipped, and their changes are not published.',
      firstCommand: `aws logs tail ${logGroup.logGroupName} --since 1d --filter-pattern item_unreadable`,
      runbookSection: 'an-item-is-unreadable',
    });
  }
}

/**
 * Writes in an hour in which nobody reads the stream: a mapping that is disabled or deleted reports no age of
 * the records that it leaves.
 */
function unreadWrites(transactions: DataTable, publisher: Function): MathExpression {
  return new MathExpression({
    expression: 'IF(FILL(runs, 0) > 0, 0, writes)',
    usingMetrics: {
      runs: publisher.metricInvocations({ statistic: 'Sum' }),
      writes: transactions.metricConsumedWriteCapacityUnits({ statistic: 'Sum' }),
    },
    label: 'Units written in an hour without a run',
    period: Duration.hours(1),
  });
}

function saveNotPublishedQuery(scope: Construct, deployment: Deployment, { logGroup }: Function): void {
  saveLogQuery(scope, 'NotPublishedQuery', {
    deployment,
    logGroups: [logGroup],
    question: 'Events/Why they are not published',
    query: {
      ...FAILURES,
      fields: [
        '@timestamp',
        'level',
        'message.event',
        'message.key',
        'message.events',
        'message.errors',
        'errorType',
        'errorMessage',
        'record.status',
        'record.errorType',
      ],
    },
  });
}

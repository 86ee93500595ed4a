import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

import {
  CONFLICTS_PARTITION,
  DEPLOYMENT_PARTITION,
  ERASURES_PARTITION,
  FINALIZATION_PARTITION,
} from '../../shared/dynamodb/table.ts';
import { ExplainedAlarm, STANDS_FOR_A_DAY } from '../constructs/alarm.ts';
import type { DataTable } from '../constructs/data-table.ts';
import { LambdaFunction } from '../constructs/lambda-function.ts';
import { FAILURES } from '../constructs/failures-query.ts';
import { saveLogQuery } from '../constructs/log-query.ts';
import { leadingKeys, permission } from '../constructs/permission.ts';
import { QueueWorker } from '../constructs/queue-worker.ts';
import { UnsetSecret } from '../constructs/unset-secret.ts';
import { WebhookEndpoint } from '../constructs/webhook-endpoint.ts';
import type { Deployment } from '../deployment.ts';
import { deferredWebhooksFunctionEnvironment, webhookReceiverEnvironment } from '../function-environments.ts';
import { TIMEOUT_SECONDS } from '../fixed-settings.ts';
import { stageMetrics, type StageMetrics } from '../metrics.ts';
import type { TransactionsConfig } from '../transactions-config.ts';

/** What the intake of webhooks needs. */
export type WebhookIntakeProps = {
  deployment: Deployment;
  transactionsConfig: TransactionsConfig;
  transactions: DataTable;
  positions: DataTable;
  quarantine: DataTable;
};

/**
 * Twenty minutes contain at least one try of each: tries are up to 15 minutes apart
 * (functions/deferred-webhooks).
 */
const EVERY_DEFERRED_WEBHOOK_IS_TRIED = Duration.minutes(20);

/**
 * From Button's webhook to the table: the public URL, the receiver, and the queue of webhooks that could not
 * be stored.
 */
export class WebhookIntake extends Construct {
  /** The public URL and its API. */
  readonly endpoint: WebhookEndpoint;
  /** Holds the webhooks' signing secrets, once somebody has set them. */
  readonly secrets: UnsetSecret;
  /** Webhooks that the table did not accept. */
  readonly deferredWebhooksQueue: Queue;
  /** That queue with its dead letters and the function that stores them later. */
  readonly deferredWebhooks: QueueWorker;

  readonly #props: WebhookIntakeProps;

  constructor(scope: Construct, id: string, props: WebhookIntakeProps) {
    super(scope, id);
    this.#props = props;
    const { deployment, transactionsConfig } = props;
    this.secrets = new UnsetSecret(this, 'Secrets', {
      deployment,
      logicalId: 'WebhookSecrets',
      description: `JSON list of {"name", "secret"}: one for each webhook in Button's Dashboard, old and new while one is changed.`,
    });
    const deferredWebhooks = this.#createDeferredWebhooks();
    this.deferredWebhooks = deferredWebhooks;
    this.deferredWebhooksQueue = deferredWebhooks.queue;
    const receiver = this.#createReceiver(deferredWebhooks);
    this.endpoint = new WebhookEndpoint(this, 'Endpoint', {
      deployment,
      receiver,
      throttle: transactionsConfig.throttle,
      path: transactionsConfig.webhookPath,
      domain: transactionsConfig.webhookDomain,
    });
    this.#addAlarms(receiver);
    this.#addDeferredWebhooksAlarm(deferredWebhooks.worker);
    this.#saveLogQueries({
      accessLogs: this.endpoint.accessLogs,
      receiverLogs: receiver.lambda.logGroup,
      deferredWebhooksLogs: deferredWebhooks.worker.lambda.logGroup,
    });
  }

  #createDeferredWebhooks(): QueueWorker {
    const { deployment, transactionsConfig } = this.#props;
    const { timeoutSeconds, visibilityTimeoutSeconds, maxConcurrency, maxReceiveCount } =
      transactionsConfig.deferredWebhooks;
    return new QueueWorker(this, 'DeferredWebhooks', {
      deployment,
      logicalId: 'DeferredWebhooksQueue',
      kind: 'standard',
      worker: 'deferred-webhooks',
      timeoutSeconds,
      visibilityTimeoutSeconds,
      batchSize: 10,
      maxConcurrency,
      maxReceiveCount,
      environment: (queue) => deferredWebhooksFunctionEnvironment(transactionsConfig, this.#resources(queue)),
      permissions: ({ queueArn }) => [
        ...this.#storePermissions(),
        // A webhook that still cannot be stored waits longer before the next receive.
        permission(['sqs:ChangeMessageVisibility'], queueArn),
        // The shoppers who were erased while their webhooks waited.
        permission(['dynamodb:GetItem'], this.#props.positions.tableArn, leadingKeys(ERASURES_PARTITION)),
      ],
      alarms: {
        name: 'IntakeDeferredWebhooks',
        severity: 'page',
        deadLetterImpact:
          'Authentic webhooks could not be stored, neither in the table nor in quarantine: shoppers may miss rewards until the next read from Button.',
        ageImpact: 'Authentic webhooks have waited for an hour: transactions are shown late.',
        maxAgeSeconds: 3600,
        reportedAge: stageMetrics(deployment).overall(
          'OldestDeferredWebhookAgeSeconds',
          EVERY_DEFERRED_WEBHOOK_IS_TRIED,
        ),
        runbookSection: 'webhooks-are-deferred',
      },
    });
  }

  #createReceiver({ queue: deferredWebhooksQueue }: QueueWorker): LambdaFunction {
    const { deployment, transactionsConfig } = this.#props;
    const environment = webhookReceiverEnvironment(transactionsConfig, {
      ...this.#resources(deferredWebhooksQueue),
      webhookSecretsId: this.secrets.arn,
    });
    return new LambdaFunction(this, 'Receiver', {
      deployment,
      name: 'webhook-receiver',
      timeoutSeconds: TIMEOUT_SECONDS.webhookReceiver,
      environment,
      permissions: [
        ...this.#storePermissions(),
        permission(['sqs:SendMessage'], deferredWebhooksQueue.queueArn),
        permission(['secretsmanager:GetSecretValue'], this.secrets.arn),
      ],
    });
  }

  #resources(deferredWebhooksQueue: Queue): Parameters<typeof deferredWebhooksFunctionEnvironment>[1] {
    const { transactions, quarantine, positions } = this.#props;
    return {
      positions: positions.tableName,
      transactions: transactions.tableName,
      quarantine: quarantine.tableName,
      deferredWebhooksQueueUrl: deferredWebhooksQueue.queueUrl,
    };
  }

  /** What the receiver and deferred-webhooks share, because they run the same code. */
  #storePermissions(): PolicyStatement[] {
    const { transactions, quarantine, positions } = this.#props;
    return [
      // The time of deployment, which the first webhook may write.
      permission(
        ['dynamodb:GetItem', 'dynamodb:PutItem'],
        positions.tableArn,
        leadingKeys(DEPLOYMENT_PARTITION),
      ),
      permission(['dynamodb:GetItem'], positions.tableArn, leadingKeys(FINALIZATION_PARTITION)),
      // The notes of conflicts to read again.
      permission(['dynamodb:PutItem'], positions.tableArn, leadingKeys(CONFLICTS_PARTITION)),
      permission(['dynamodb:GetItem', 'dynamodb:PutItem'], transactions.tableArn),
      permission(['dynamodb:PutItem', 'dynamodb:UpdateItem'], quarantine.tableArn),
    ];
  }

  #addAlarms(receiver: LambdaFunction): void {
    const { deployment, quarantine } = this.#props;
    const metrics = stageMetrics(deployment);
    new ExplainedAlarm(this, 'QuarantineAlarm', {
      deployment,
      name: 'IntakeQuarantine',
      severity: 'ticket',
      metric: new MathExpression({
        expression: 'FILL(webhooks, 0) + FILL(rows, 0)',
        usingMetrics: {
          webhooks: metrics.overall('WebhooksQuarantined'),
          rows: metrics.overall('RowsQuarantined'),
        },
        label: 'Not understood',
        period: Duration.hours(1),
      }),
      ...STANDS_FOR_A_DAY,
      impact:
        'Webhooks or rows about transactions could not be read in the last day: these transactions are not shown.',
      firstCommand: `aws dynamodb scan --table-name ${quarantine.tableName} --projection-expression "kind,id,reasons" --max-items 20`,
      runbookSection: 'webhooks-in-quarantine',
    });
    new ExplainedAlarm(this, 'FailuresAlarm', {
      deployment,
      name: 'IntakeFailures',
      severity: 'page',
      metric: failedWebhooksPercent(metrics),
      // A fifth of the way to the pause, and not for a single failure, because Button sends that webhook
      // again.
      atLeast: 2,
      impact:
        'Webhooks fail. If more than 10% of an hour fail, Button stops sending any, until somebody resumes them in its Dashboard.',
      firstCommand: `aws logs tail ${receiver.lambda.logGroup.logGroupName} --since 1h`,
      runbookSection: 'webhooks-fail',
    });
    new ExplainedAlarm(this, 'MalformedSecretsAlarm', {
      deployment,
      name: 'IntakeMalformedSecrets',
      severity: 'page',
      metric: metrics.overall('MalformedWebhookSecrets'),
      above: 0,
      impact:
        'The list of webhook secrets is malformed. Its valid entries and the previous list are in use: a new secret in the malformed part is refused, and a removed secret is still accepted.',
      firstCommand: `aws logs filter-log-events --log-group-name ${receiver.lambda.logGroup.logGroupName} --filter-pattern secret_malformed --max-items 5`,
      runbookSection: 'webhooks-fail',
    });
    new ExplainedAlarm(this, 'SilenceAlarm', {
      deployment,
      name: 'IntakeSilence',
      severity: 'ticket',
      metric: unannouncedPercent(metrics),
      above: 10,
      impact: "Button's webhooks do not arrive: transactions are shown late, once they are read from Button.",
      firstCommand: `aws logs tail ${receiver.lambda.logGroup.logGroupName} --since 6h`,
      runbookSection: 'transactions-arrive-without-webhooks',
    });
  }

  /**
   * A run that dies cannot report how long its webhooks have been deferred, and the queue's age ignores them.
   */
  #addDeferredWebhooksAlarm({ lambda }: LambdaFunction): void {
    const { deployment, transactionsConfig } = this.#props;
    // A minute more than the time between two tries, so that each period contains one.
    const triesApartMinutes =
      Math.ceil(transactionsConfig.deferredWebhooks.visibilityTimeoutSeconds / 60) + 1;
    new ExplainedAlarm(this, 'DeferredWebhooksDeathsAlarm', {
      deployment,
      name: 'IntakeDeferredWebhooksDeaths',
      severity: 'page',
      metric: lambda.metricErrors({ statistic: 'Sum', period: Duration.minutes(triesApartMinutes) }),
      above: 0,
      periods: 3,
      impact:
        'Every run of the function deferred-webhooks dies: deferred webhooks are shown late, or with the next read from Button.',
      firstCommand: `aws logs tail ${lambda.logGroup.logGroupName} --since 3h`,
      runbookSection: 'webhooks-are-deferred',
    });
  }

  #saveLogQueries({ accessLogs, receiverLogs, deferredWebhooksLogs }: IntakeLogs): void {
    const { deployment } = this.#props;
    saveLogQuery(this, 'AnswersQuery', {
      deployment,
      logGroups: [accessLogs],
      question: 'Webhooks/How they are answered',
      query: {
        statsStatements: [
          'count(*) as requests, pct(responseLatencyMs, 50) as p50Ms, pct(responseLatencyMs, 99) as p99Ms by status, userAgent, integrationStatus, error',
        ],
        sort: 'requests desc',
      },
    });
    saveLogQuery(this, 'OutcomesQuery', {
      deployment,
      logGroups: [receiverLogs, deferredWebhooksLogs],
      question: 'Webhooks/What became of each',
      query: {
        fields: ['@timestamp', 'eventId', 'outcome', 'message.eventId', 'message.outcome'],
        filterStatements: ['ispresent(eventId) or message.event = "deferred_webhook"'],
        sort: '@timestamp desc',
        limit: 1000,
      },
    });
    saveLogQuery(this, 'SecretsQuery', {
      deployment,
      logGroups: [receiverLogs],
      question: 'Webhooks/Which secret signed them',
      query: {
        filterStatements: ['ispresent(WebhooksBySecret) or ispresent(WebhooksForged)'],
        statsStatements: [
          'sum(WebhooksBySecret) as authentic, sum(WebhooksForged) as forged by Secret, bin(1h)',
        ],
      },
    });
    saveLogQuery(this, 'DeferredQuery', {
      deployment,
      logGroups: [receiverLogs, deferredWebhooksLogs],
      question: 'Webhooks/Why they are deferred',
      query: {
        filterStatements: [
          'message.event in ["webhook_deferred", "webhook_not_deferred", "webhook_not_stored", "deferred_webhook_failed"]',
        ],
        statsStatements: [
          'count(*) as webhooks, max(message.receives) as mostReceives, latest(@timestamp) as lastAt by message.event, message.error',
        ],
        sort: 'webhooks desc',
      },
    });
    saveLogQuery(this, 'FailuresQuery', {
      deployment,
      logGroups: [receiverLogs, deferredWebhooksLogs],
      question: 'Webhooks/What failed',
      query: FAILURES,
    });
  }
}

type IntakeLogs = { accessLogs: ILogGroup; receiverLogs: ILogGroup; deferredWebhooksLogs: ILogGroup };

/**
 * The share of an hour's webhooks from Button that failed, in per cent; 0 for a single failure. An alarm
 * evaluates the last hour once a minute, at its own minutes, not at Button's. If there are more failures than
 * requests recognised as Button's, all requests count as failed.
 *
 * Source: docs/button/webhooks.md, "Retries and automatic pause".
 */
function failedWebhooksPercent(metrics: StageMetrics): MathExpression {
  return new MathExpression({
    expression: 'IF(failed >= 2, 100 * failed / IF(received > failed, received, failed), 0)',
    usingMetrics: {
      received: metrics.overall('WebhooksFromButton'),
      failed: metrics.overall('WebhooksFailedForButton'),
    },
    label: 'Failed webhooks, per cent of an hour',
    period: Duration.hours(1),
  });
}

/**
 * The share of new transactions within six hours that no webhook had brought before they were read, in per
 * cent; 0 for a single one, whose webhook may just be on its way again.
 */
function unannouncedPercent(metrics: StageMetrics): MathExpression {
  return new MathExpression({
    expression: 'IF(missing >= 2, 100 * missing / (missing + FILL(applied, 0)), 0)',
    usingMetrics: {
      missing: metrics.overall('MissingTransactionsRepaired'),
      applied: metrics.overall('WebhooksApplied'),
    },
    label: 'Transactions without a webhook, per cent of six hours',
    period: Duration.hours(6),
  });
}

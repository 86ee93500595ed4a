import { ArnPrincipal, Grant, type IGrantable, type PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

import { ORDER_LEDGER_TABLE } from '../../shared/dynamodb/table.ts';
import { tagForAccess } from '../access-tag.ts';
import { ExplainedAlarm, STANDS_FOR_A_DAY } from '../constructs/alarm.ts';
import { saveFailuresQuery } from '../constructs/failures-query.ts';
import { FunctionAlarms } from '../constructs/function-alarms.ts';
import { saveLogQuery } from '../constructs/log-query.ts';
import { leadingKeys, permission } from '../constructs/permission.ts';
import { QueueWorker } from '../constructs/queue-worker.ts';
import { ScheduledWorker } from '../constructs/scheduled-worker.ts';
import { UnsetSecret } from '../constructs/unset-secret.ts';
import type { Deployment } from '../deployment.ts';
import {
  orderAuditEnvironment,
  orderReporterEnvironment,
  retrySweepEnvironment,
} from '../function-environments.ts';
import { TIMEOUT_SECONDS } from '../fixed-settings.ts';
import { stageMetrics } from '../metrics.ts';
import { brandName, type BrandConfig } from '../order-reporting-config.ts';
import type { OrderTables } from './order-tables.ts';

/** What a brand's stack needs. */
export type BrandOrdersProps = {
  deployment: Deployment;
  brand: BrandConfig;
  tables: OrderTables;
  quarantineRetentionDays: number;
  /** ISO 8601 with an offset: orders that were reported before it are in doubt. */
  verifyBefore: string | undefined;
};

/** One brand's orders: the queue, the reporter, the key, and the retry sweep. */
export class BrandOrders extends Construct {
  /** Where the brand's commerce system sends its orders. */
  readonly queue: Queue;
  /** The queue with its dead letters and the function that reports. */
  readonly reporter: QueueWorker;
  /** The function that retries orders whose next try is due. */
  readonly retrySweep: ScheduledWorker;
  /** Holds the brand's Button API key, once somebody has set it. */
  readonly apiKey: UnsetSecret;

  readonly #props: BrandOrdersProps;

  constructor(scope: Construct, id: string, props: BrandOrdersProps) {
    super(scope, id);
    this.#props = props;
    this.apiKey = new UnsetSecret(this, 'ApiKey', {
      deployment: props.deployment,
      logicalId: `ButtonApiKey${brandName(props.brand.id)}`,
      description: `Button API key of the brand ${props.brand.id}: the plain key, from Button's Dashboard.`,
    });
    this.reporter = this.#createReporter();
    this.queue = this.reporter.queue;
    tagForAccess(this.queue, props.deployment, 'orders');
    tagForAccess(this.reporter.deadLetterQueue, props.deployment, 'dead-letters');
    tagForAccess(this.apiKey, props.deployment, 'api-key');
    this.retrySweep = this.#createRetrySweep();
    this.#addQuarantineAlarm();
    if (props.brand.audit) this.#addAudit(props.brand.audit);
    new FunctionAlarms(this, 'Functions', {
      deployment: props.deployment,
      name: `${brandName(props.brand.id)}Functions`,
    });
    this.#saveLogQueries(this.reporter.worker.lambda.logGroup);
    for (const arn of props.brand.producers) this.grantSendOrders(new ArnPrincipal(arn));
  }

  /** Lets a commerce system send orders. A principal of another account is named in the queue's policy. */
  grantSendOrders(producer: IGrantable): Grant {
    return Grant.addToPrincipalOrResource({
      grantee: producer,
      actions: ['sqs:SendMessage', 'sqs:GetQueueUrl'],
      resourceArns: [this.queue.queueArn],
      resource: this.queue,
    });
  }

  #createReporter(): QueueWorker {
    const { deployment, brand } = this.#props;
    return new QueueWorker(this, 'Reporter', {
      deployment,
      logicalId: `Orders${brandName(brand.id)}`,
      kind: 'fifo',
      worker: 'order-reporter',
      timeoutSeconds: brand.reporterTimeoutSeconds,
      batchSize: brand.batchSize,
      maxConcurrency: brand.maxConcurrency,
      maxReceiveCount: brand.maxReceiveCount,
      environment: () => this.#reporterEnvironment(),
      permissions: () => this.#reporterPermissions(),
      alarms: {
        name: `${brandName(brand.id)}Reporter`,
        severity: 'page',
        deadLetterImpact: `Orders of ${brand.id} never reached the ledger, although they were received many times: Button does not know them.`,
        ageImpact: `Orders of ${brand.id} stay on the queue: Button learns of them late.`,
        maxAgeSeconds: 900,
        runbookSection: 'orders-are-getting-old',
      },
    });
  }

  #reporterEnvironment(): ReturnType<typeof orderReporterEnvironment> {
    const { deployment, brand, tables, quarantineRetentionDays, verifyBefore } = this.#props;
    return orderReporterEnvironment(brand, {
      orderLedger: tables.orderLedger.tableName,
      quarantine: tables.quarantine.tableName,
      quarantineRetentionDays,
      apiKeyId: this.apiKey.arn,
      buttonApiUrl: deployment.config.buttonApiUrl,
      verifyBefore,
    });
  }

  #reporterPermissions(): PolicyStatement[] {
    const { brand, tables } = this.#props;
    return [
      permission(
        ['dynamodb:GetItem', 'dynamodb:PutItem'],
        tables.orderLedger.tableArn,
        leadingKeys(`${brand.id}#`),
      ),
      permission(['dynamodb:PutItem', 'dynamodb:UpdateItem'], tables.quarantine.tableArn),
      permission(['secretsmanager:GetSecretValue'], this.apiKey.arn),
    ];
  }

  #createRetrySweep(): ScheduledWorker {
    const { deployment, brand, tables } = this.#props;
    const { orderLedger } = tables;
    const environment = retrySweepEnvironment(brand, {
      orderLedger: orderLedger.tableName,
      orderQueueUrl: this.queue.queueUrl,
    });
    const dueIndexArn = `${orderLedger.tableArn}/index/${ORDER_LEDGER_TABLE.dueIndex.name}`;
    return new ScheduledWorker(this, 'RetrySweep', {
      deployment,
      name: 'retry-sweep',
      timeoutSeconds: TIMEOUT_SECONDS.retrySweep,
      environment,
      permissions: [
        permission(['dynamodb:Query'], dueIndexArn, leadingKeys(`${brand.id}#`)),
        permission(
          ['dynamodb:GetItem', 'dynamodb:PutItem'],
          orderLedger.tableArn,
          leadingKeys(`${brand.id}#breaker`),
        ),
        permission(['sqs:SendMessage'], this.queue.queueArn),
      ],
      failedRuns: 'dropped',
      schedules: [{ name: 'sweep', expression: brand.retrySweep.schedule, timeZone: 'UTC' }],
      silence: {
        name: `${brandName(brand.id)}RetrySweep`,
        severity: 'page',
        minutes: brand.retrySweep.silenceMinutes,
        impact: `Waiting orders of ${brand.id} are not retried: Button does not learn of them.`,
        firstCommand: `aws scheduler list-schedules --name-prefix Button-${deployment.config.stage}`,
        runbookSection: 'a-schedule-does-not-run',
      },
    });
  }

  #addAudit(audit: NonNullable<BrandConfig['audit']>): void {
    const { deployment, brand, tables } = this.#props;
    const { orderLedger } = tables;
    new ScheduledWorker(this, 'Audit', {
      deployment,
      name: 'order-audit',
      timeoutSeconds: TIMEOUT_SECONDS.orderAudit,
      environment: orderAuditEnvironment(brand, audit, {
        orderLedger: orderLedger.tableName,
        apiKeyId: this.apiKey.arn,
        buttonApiUrl: deployment.config.buttonApiUrl,
      }),
      permissions: [
        // A scan cannot be limited to one brand's keys.
        permission(['dynamodb:Scan'], orderLedger.tableArn),
        permission(['dynamodb:GetItem'], orderLedger.tableArn, leadingKeys(`${brand.id}#order#`)),
        permission(['secretsmanager:GetSecretValue'], this.apiKey.arn),
      ],
      failedRuns: 'dropped',
      schedules: [{ name: 'audit', expression: audit.schedule, timeZone: 'UTC' }],
    });
    new ExplainedAlarm(this, 'DriftAlarm', {
      deployment,
      name: `${brandName(brand.id)}Drift`,
      severity: 'ticket',
      metric: stageMetrics(deployment).forBrand('OrdersDrifted', brand.id, Duration.hours(1)),
      ...STANDS_FOR_A_DAY,
      impact: `Orders of ${brand.id} at Button differ from what was reported, in the sample of the last day: the commission is wrong. OrderDriftAmountMinor says by how much.`,
      firstCommand: `npm run ops -- orders-audit --brand ${brand.id}`,
      runbookSection: 'orders-differ-at-button',
    });
  }

  #addQuarantineAlarm(): void {
    const { deployment, brand, tables } = this.#props;
    new ExplainedAlarm(this, 'QuarantineAlarm', {
      deployment,
      name: `${brandName(brand.id)}Quarantine`,
      severity: 'ticket',
      metric: stageMetrics(deployment).forBrand('OrdersQuarantined', brand.id, Duration.hours(1)),
      ...STANDS_FOR_A_DAY,
      impact: `Orders of ${brand.id} were refused in the last day: their commission is lost until they are fixed. QuarantinedAmountMinor says how much.`,
      firstCommand: `aws dynamodb scan --table-name ${tables.quarantine.tableName} --projection-expression "kind,id,reasons" --max-items 20`,
      runbookSection: 'orders-in-quarantine',
    });
  }

  #saveLogQueries(reporterLogs: ILogGroup): void {
    const { deployment, brand } = this.#props;
    const ofReporter = { deployment, logGroups: [reporterLogs] };
    saveLogQuery(this, 'NotReportedQuery', {
      ...ofReporter,
      question: `Orders of ${brand.id}/Why they are not reported`,
      query: {
        filterStatements: ['message.event = "order_not_reported"'],
        statsStatements: [
          'count(*) as tries, latest(message.orderId) as lastOrderId, latest(@timestamp) as lastAt by message.result, message.reason',
        ],
        sort: 'tries desc',
      },
    });
    saveLogQuery(this, 'QuarantinedAmountQuery', {
      ...ofReporter,
      question: `Orders of ${brand.id}/What is refused, in money`,
      query: {
        filterStatements: ['ispresent(QuarantinedAmountMinor)'],
        statsStatements: ['sum(QuarantinedAmountMinor) as amountMinor by Currency, bin(1h)'],
      },
    });
    saveFailuresQuery(this, { deployment, subject: `Orders of ${brand.id}` });
  }
}

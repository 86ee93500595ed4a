import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

import { ExplainedAlarm, STANDS_FOR_A_DAY } from '../constructs/alarm.ts';
import type { DataTable } from '../constructs/data-table.ts';
import { FAILURES } from '../constructs/failures-query.ts';
import { saveLogQuery } from '../constructs/log-query.ts';
import { permission } from '../constructs/permission.ts';
import { QueueWorker } from '../constructs/queue-worker.ts';
import { ScheduledWorker } from '../constructs/scheduled-worker.ts';
import { UnsetSecret } from '../constructs/unset-secret.ts';
import type { Deployment } from '../deployment.ts';
import {
  reconciliationPlannerEnvironment,
  transactionReconcilerEnvironment,
} from '../function-environments.ts';
import { plannerTimeoutSeconds } from '../fixed-settings.ts';
import { stageMetrics, type StageMetrics } from '../metrics.ts';
import type { TransactionsConfig } from '../transactions-config.ts';

/** What the reconciliation needs. */
export type ReconciliationProps = {
  deployment: Deployment;
  transactionsConfig: TransactionsConfig;
  transactions: DataTable;
  positions: DataTable;
  quarantine: DataTable;
};

/** The regular reads from Button: the planner sends one read message for each account and stream. */
export class Reconciliation extends Construct {
  /** Holds the publisher's Button API key, once somebody has set it. */
  readonly apiKey: UnsetSecret;
  /** The queue of read messages, from the planner and from a reconciler that is not finished. */
  readonly readQueue: Queue;
  /** That queue with its dead letters and the reconciler. */
  readonly reads: QueueWorker;
  /** The name of the function to invoke for an immediate reconciliation. */
  readonly plannerName: string;
  /** After this number of minutes without a read of an account, an alarm goes off. */
  readonly staleMinutes: number;

  readonly #planner: Function;
  readonly #props: ReconciliationProps;

  constructor(scope: Construct, id: string, props: ReconciliationProps) {
    super(scope, id);
    this.#props = props;
    this.staleMinutes = 1.5 * props.transactionsConfig.reconciler.silenceMinutes;
    this.apiKey = new UnsetSecret(this, 'ApiKey', {
      deployment: props.deployment,
      logicalId: 'ButtonApiKey',
      description: `The publisher's Button API key: the plain key, from Button's Dashboard.`,
    });
    this.reads = this.#createReconciler();
    this.readQueue = this.reads.queue;
    this.#planner = this.#createPlanner().worker.lambda;
    this.plannerName = this.#planner.functionName;
    this.#addAgeAlarms();
    this.#addFindingAlarms();
    this.#addGapAlarm();
    const { worker: reconciler } = this.reads;
    this.#addRunawayAlarm(reconciler.lambda);
    this.#saveLogQueries(reconciler.lambda.logGroup);
  }

  #createReconciler(): QueueWorker {
    const { deployment, transactionsConfig, transactions, positions, quarantine } = this.#props;
    const { timeoutSeconds, visibilityTimeoutSeconds, maxConcurrency, maxReceiveCount } =
      transactionsConfig.reconciler;
    return new QueueWorker(this, 'Reconciler', {
      deployment,
      logicalId: 'ReadQueue',
      kind: 'fifo',
      worker: 'transaction-reconciler',
      timeoutSeconds,
      visibilityTimeoutSeconds,
      batchSize: 1,
      maxConcurrency,
      maxReceiveCount,
      environment: (readQueue) =>
        transactionReconcilerEnvironment(transactionsConfig, {
          ...this.#resources(readQueue),
          transactions: transactions.tableName,
          quarantine: quarantine.tableName,
        }),
      permissions: (readQueue) => [
        permission(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], positions.tableArn),
        permission(['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem'], transactions.tableArn),
        permission(['dynamodb:PutItem', 'dynamodb:UpdateItem'], quarantine.tableArn),
        permission(['sqs:SendMessage'], readQueue.queueArn),
        permission(['secretsmanager:GetSecretValue'], this.apiKey.arn),
      ],
      // A slice that does not finish a read leaves the rest to the next one.
      isLoop: true,
      alarms: {
        name: 'ReconciliationReconciler',
        // The next run of the planner reads again; ReconciliationStale pages if that does not help.
        severity: 'ticket',
        deadLetterImpact:
          'A read of an account keeps failing: transactions without a webhook are not repaired.',
        ageImpact: 'Reads of accounts wait for each other: transactions without a webhook are repaired late.',
        maxAgeSeconds: 3600,
        runbookSection: 'reconciler-is-stale',
      },
    });
  }

  #resources(readQueue: Queue): Parameters<typeof reconciliationPlannerEnvironment>[1] {
    const { deployment, positions } = this.#props;
    return {
      positions: positions.tableName,
      wakeUpQueueUrl: readQueue.queueUrl,
      apiKeyId: this.apiKey.arn,
      buttonApiUrl: deployment.config.buttonApiUrl,
    };
  }

  #createPlanner(): ScheduledWorker {
    const { deployment, transactionsConfig, positions } = this.#props;
    const { reconciler } = transactionsConfig;
    const environment = reconciliationPlannerEnvironment(transactionsConfig, this.#resources(this.readQueue));
    return new ScheduledWorker(this, 'Planner', {
      deployment,
      name: 'reconciliation-planner',
      timeoutSeconds: plannerTimeoutSeconds(reconciler),
      environment,
      permissions: [
        permission(
          ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
          positions.tableArn,
        ),
        permission(['sqs:SendMessage'], this.readQueue.queueArn),
        permission(['secretsmanager:GetSecretValue'], this.apiKey.arn),
      ],
      failedRuns: 'repeated',
      schedules: [
        ...reconciler.schedules.map((schedule) => ({ ...schedule, input: { streams: ['incremental'] } })),
        {
          ...reconciler.dailySweep,
          name: 'daily-sweep',
          input: { streams: ['sweep-daily', ...(reconciler.crossCheck ? ['cross-check'] : [])] },
        },
        { ...reconciler.weeklySweep, name: 'weekly-sweep', input: { streams: ['sweep-weekly'] } },
      ],
      silence: {
        name: 'ReconciliationPlanner',
        severity: 'page',
        minutes: reconciler.silenceMinutes,
        impact: 'Nothing is read from Button: transactions without a webhook are not repaired.',
        firstCommand: `aws scheduler list-schedules --name-prefix Button-${deployment.config.stage}`,
        runbookSection: 'a-schedule-does-not-run',
      },
    });
  }

  /**
   * A measurement of each run is evaluated over the longest time between two runs: over less time, there may
   * be no data.
   */
  #addAgeAlarms(): void {
    const { deployment, positions, transactionsConfig } = this.#props;
    const metrics = stageMetrics(deployment);
    const { silenceMinutes } = transactionsConfig.reconciler;
    const tick = Duration.minutes(silenceMinutes);
    const { staleMinutes } = this;
    const scanPositions = `aws dynamodb scan --table-name ${positions.tableName}`;
    new ExplainedAlarm(this, 'StaleAlarm', {
      deployment,
      name: 'ReconciliationStale',
      severity: 'page',
      metric: metrics.overall('OldestWindowAgeSeconds', tick),
      above: staleMinutes * 60,
      impact: `An account has not been read for ${staleMinutes} minutes: transactions without a webhook are not repaired.`,
      firstCommand: scanPositions,
      runbookSection: 'reconciler-is-stale',
    });
    new ExplainedAlarm(this, 'AccountsAlarm', {
      deployment,
      name: 'ReconciliationAccounts',
      severity: 'page',
      metric: unlistedAccounts(metrics, tick),
      above: 0,
      periods: 2 * silenceMinutes > MINUTES_IN_A_DAY ? 1 : 2,
      impact:
        'Button has not listed the accounts for a long time: transactions without a webhook are not repaired.',
      firstCommand: `aws logs tail ${this.#planner.logGroup.logGroupName} --since 3h`,
      runbookSection: 'reconciler-is-stale',
    });
    new ExplainedAlarm(this, 'MalformedAccountsAlarm', {
      deployment,
      name: 'ReconciliationMalformedAccounts',
      severity: 'ticket',
      metric: metrics.overall('MalformedAccounts', tick),
      above: 0,
      impact:
        'Button lists an account without an id that can be used: its transactions without a webhook are not repaired.',
      firstCommand: `aws logs filter-log-events --log-group-name ${this.#planner.logGroup.logGroupName} --filter-pattern accounts_malformed --max-items 5`,
      runbookSection: 'an-account-is-left-out',
    });
    new ExplainedAlarm(this, 'KeyAlarm', {
      deployment,
      name: 'ReconciliationKey',
      severity: 'page',
      metric: metrics.overall('PublisherKeyUnusable', tick),
      above: 0,
      impact:
        "Button refuses the publisher's API key, or the key cannot be read: transactions without a webhook are not repaired.",
      firstCommand: `aws secretsmanager describe-secret --secret-id ${this.apiKey.arn}`,
      runbookSection: 'reconciler-is-stale',
    });
  }

  /** The alarms for wrong transactions, positions and messages. */
  #addFindingAlarms(): void {
    const { deployment, positions, quarantine } = this.#props;
    const metrics = stageMetrics(deployment);
    const { staleMinutes } = this;
    const scanPositions = `aws dynamodb scan --table-name ${positions.tableName}`;
    new ExplainedAlarm(this, 'DriftAlarm', {
      deployment,
      name: 'ReconciliationDrift',
      severity: 'ticket',
      metric: metrics.overall('RepairDelaySeconds', Duration.hours(1)),
      ...STANDS_FOR_A_DAY,
      above: staleMinutes * 60,
      impact: `Transactions had been wrong or missing for more than ${staleMinutes} minutes before a read from Button fixed them.`,
      firstCommand: `${scanPositions} --filter-expression "begins_with(#stream, :drift)" --expression-attribute-names '{"#stream":"stream"}' --expression-attribute-values '{":drift":{"S":"drift-"}}'`,
      runbookSection: 'transactions-were-wrong',
    });
    new ExplainedAlarm(this, 'PositionAlarm', {
      deployment,
      name: 'ReconciliationPosition',
      severity: 'ticket',
      metric: metrics.overall('UnusablePositions', Duration.hours(1)),
      ...STANDS_FOR_A_DAY,
      impact: 'The position of an account is invalid: the account is read from its beginning again.',
      firstCommand: scanPositions,
      runbookSection: 'a-position-makes-no-sense',
    });
    new ExplainedAlarm(this, 'ReadMessagesAlarm', {
      deployment,
      name: 'ReconciliationReadMessages',
      severity: 'ticket',
      metric: metrics.overall('UnreadableReadMessages', Duration.hours(1)),
      ...STANDS_FOR_A_DAY,
      impact: 'Somebody else sends to the queue of read messages. Their messages are in quarantine.',
      firstCommand: `aws dynamodb query --table-name ${quarantine.tableName} --key-condition-expression "kind = :kind" --expression-attribute-values '{":kind":{"S":"read-message"}}' --projection-expression "id,origin,refusedAt"`,
      runbookSection: 'an-item-is-unreadable',
    });
  }

  #addGapAlarm(): void {
    const { deployment, positions, transactionsConfig } = this.#props;
    const tick = Duration.minutes(transactionsConfig.reconciler.silenceMinutes);
    new ExplainedAlarm(this, 'GapAlarm', {
      deployment,
      name: 'ReconciliationGap',
      severity: 'ticket',
      metric: stageMetrics(deployment).overall('UnreadGaps', tick),
      above: 0,
      impact: 'Button cannot show a range of time: transactions without a webhook in it are not repaired.',
      firstCommand: `aws dynamodb scan --table-name ${positions.tableName} --filter-expression "contains(#stream, :gap)" --expression-attribute-names '{"#stream":"stream"}' --expression-attribute-values '{":gap":{"S":"gap-"}}'`,
      runbookSection: 'a-range-cannot-be-read',
    });
  }

  /** Lambda does not stop the chain of slices, as for any other function: the reconciler does. */
  #addRunawayAlarm({ logGroup }: Function): void {
    const { deployment } = this.#props;
    new ExplainedAlarm(this, 'RunawayAlarm', {
      deployment,
      name: 'ReconciliationRunaway',
      severity: 'ticket',
      metric: stageMetrics(deployment).overall('ReconcilerChainsStopped', Duration.hours(1)),
      ...STANDS_FOR_A_DAY,
      impact:
        'The reconciler has stopped a read that got nowhere or did not end: transactions without a webhook are repaired late.',
      firstCommand: `aws logs tail ${logGroup.logGroupName} --since 1d --filter-pattern chain_too_long`,
      runbookSection: 'a-read-does-not-end',
    });
  }

  #saveLogQueries(reconcilerLogs: ILogGroup): void {
    const { deployment } = this.#props;
    const { logGroup: plannerLogs } = this.#planner;
    saveLogQuery(this, 'ReadsQuery', {
      deployment,
      logGroups: [reconcilerLogs],
      question: 'Reconciliation/How each account was read',
      query: {
        filterStatements: ['message.event = "stream_reconciled"'],
        statsStatements: [
          'count(*) as slices, latest(@timestamp) as lastAt by message.account, message.stream, message.outcome, message.reason',
        ],
        sort: 'lastAt desc',
      },
    });
    saveLogQuery(this, 'RepairsQuery', {
      deployment,
      logGroups: [reconcilerLogs],
      question: 'Reconciliation/What reading fixed',
      query: {
        filterStatements: [
          'ispresent(MissingTransactionsRepaired) or ispresent(StaleTransactionsRepaired) or ispresent(SettledConflicts)',
        ],
        statsStatements: [
          'sum(MissingTransactionsRepaired) as missing, sum(StaleTransactionsRepaired) as stale, sum(SettledConflicts) as conflicts by bin(1h)',
        ],
      },
    });
    saveLogQuery(this, 'TicksQuery', {
      deployment,
      logGroups: [plannerLogs],
      question: 'Reconciliation/What each tick planned',
      query: {
        fields: [
          '@timestamp',
          'message.event',
          'message.outcome',
          'message.accounts',
          'message.list',
          'message.account',
          'message.stream',
          'message.problem',
        ],
        filterStatements: [
          'message.event in ["reconciliation_planned", "account_unlisted", "accounts_malformed", "brands_unavailable", "position_unusable"]',
        ],
        sort: '@timestamp desc',
        limit: 200,
      },
    });
    saveLogQuery(this, 'FailuresQuery', {
      deployment,
      logGroups: [plannerLogs, reconcilerLogs],
      question: 'Reconciliation/What failed',
      query: FAILURES,
    });
  }
}

const MINUTES_IN_A_DAY = 1440;

/**
 * How often the accounts were not listed, in a time in which they were never listed. Meanwhile no account can
 * be called stale.
 */
function unlistedAccounts(metrics: StageMetrics, period: Duration): MathExpression {
  return new MathExpression({
    expression: 'IF(FILL(listings, 0) > 0, 0, unavailable)',
    usingMetrics: {
      listings: metrics.overall('AccountsListed').with({ statistic: 'SampleCount' }),
      unavailable: metrics.overall('AccountsUnavailable'),
    },
    label: 'Accounts not listed',
    period,
  });
}

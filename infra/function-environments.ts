import type { Environment as CustomerExpiry } from '../functions/customer-expiry/env.ts';
import type { Environment as EventDelivery } from '../functions/event-delivery/env.ts';
import type { Environment as EventPublisher } from '../functions/event-publisher/env.ts';
import type { Environment as OrderAudit } from '../functions/order-audit/env.ts';
import type { Environment as OrderReporter } from '../functions/order-reporter/env.ts';
import type { Environment as PersonalDataExpiry } from '../functions/personal-data-expiry/env.ts';
import type { Environment as PublisherApi } from '../functions/publisher-api/env.ts';
import type { Environment as ReconciliationPlanner } from '../functions/reconciliation-planner/env.ts';
import type { Environment as RetrySweep } from '../functions/retry-sweep/env.ts';
import type { Environment as TransactionReconciler } from '../functions/transaction-reconciler/env.ts';
import type { Environment as DeferredWebhooks } from '../functions/deferred-webhooks/env.ts';
import type { Environment as WebhookReceiver } from '../functions/webhook-receiver/env.ts';
import type { BrandConfig, OrderReportingConfig } from './order-reporting-config.ts';
import type { EventDeliveryConfig, TransactionsConfig } from './transactions-config.ts';

// Each function's environment, from the configuration and the names of resources. The stacks pass names of
// real resources, the simulator its own.

/**
 * The order reporter's environment. `verifyBefore`: ISO 8601 with an offset; undefined unless the ledger was
 * restored.
 */
export function orderReporterEnvironment(
  brand: BrandConfig,
  resources: {
    orderLedger: string;
    quarantine: string;
    quarantineRetentionDays: number;
    apiKeyId: string;
    buttonApiUrl: string;
    verifyBefore: string | undefined;
  },
): OrderReporter {
  const { verifyBefore } = resources;
  return {
    BRAND_ID: brand.id,
    ORDER_LEDGER_TABLE: resources.orderLedger,
    QUARANTINE_TABLE: resources.quarantine,
    API_KEY_SECRET_ID: resources.apiKeyId,
    BUTTON_API_URL: resources.buttonApiUrl,
    BUTTON_TIMEOUT_MS: String(brand.buttonTimeoutMs),
    QUIET_TIME_SECONDS: String(brand.quietTimeSeconds),
    RETRY_BASE_SECONDS: String(brand.retryBaseSeconds),
    RETRY_MAX_SECONDS: String(brand.retryMaxSeconds),
    QUARANTINE_RETENTION_DAYS: String(resources.quarantineRetentionDays),
    ORDER_BY: brand.orderBy,
    TEST_TOKENS: brand.testTokens,
    ALLOW_FINALIZATION_DATE: brand.allowFinalizationDate ? 'true' : 'false',
    ...(verifyBefore === undefined ? {} : { VERIFY_BEFORE: verifyBefore }),
  };
}

/** The order audit's environment. */
export function orderAuditEnvironment(
  brand: BrandConfig,
  audit: NonNullable<BrandConfig['audit']>,
  resources: { orderLedger: string; apiKeyId: string; buttonApiUrl: string },
): OrderAudit {
  return {
    BRAND_ID: brand.id,
    ORDER_LEDGER_TABLE: resources.orderLedger,
    API_KEY_SECRET_ID: resources.apiKeyId,
    BUTTON_API_URL: resources.buttonApiUrl,
    BUTTON_TIMEOUT_MS: String(brand.buttonTimeoutMs),
    AUDIT_DAYS: String(audit.days),
    AUDIT_SAMPLE: String(audit.sample),
    AUDIT_PER_SECOND: String(audit.perSecond),
  };
}

/** The retry sweep's environment. */
export function retrySweepEnvironment(
  brand: BrandConfig,
  resources: { orderLedger: string; orderQueueUrl: string },
): RetrySweep {
  return {
    BRAND_ID: brand.id,
    ORDER_LEDGER_TABLE: resources.orderLedger,
    ORDER_QUEUE_URL: resources.orderQueueUrl,
    MAX_RETRIES_PER_SWEEP: String(brand.retrySweep.maxRetriesPerSweep),
  };
}

/** The customer expiry's environment: one function for all brands. */
export function customerExpiryEnvironment(
  { customerDays }: Pick<OrderReportingConfig, 'customerDays'>,
  resources: { orderLedger: string },
): CustomerExpiry {
  return { ORDER_LEDGER_TABLE: resources.orderLedger, CUSTOMER_DAYS: String(customerDays) };
}

type IntakeResources = {
  transactions: string;
  quarantine: string;
  positions: string;
  deferredWebhooksQueueUrl: string;
};

/** The webhook receiver's environment. */
export function webhookReceiverEnvironment(
  config: TransactionsConfig,
  resources: IntakeResources & { webhookSecretsId: string },
): WebhookReceiver {
  return { ...intakeEnvironment(config, resources), WEBHOOK_SECRETS_ID: resources.webhookSecretsId };
}

/** The deferred webhooks function's environment. */
export function deferredWebhooksFunctionEnvironment(
  config: TransactionsConfig,
  resources: IntakeResources,
): DeferredWebhooks {
  return {
    ...intakeEnvironment(config, resources),
    MAX_RECEIVES: String(config.deferredWebhooks.maxReceiveCount),
  };
}

/** What the receiver and deferred-webhooks share, because they run the same code. */
function intakeEnvironment(
  config: TransactionsConfig,
  { transactions, quarantine, positions, deferredWebhooksQueueUrl }: IntakeResources,
): Omit<WebhookReceiver, 'WEBHOOK_SECRETS_ID'> {
  const { shopperField, rewardableCategories, quarantineRetentionDays } = config;
  const liveFrom = liveFromOf(config);
  return {
    TRANSACTIONS_TABLE: transactions,
    QUARANTINE_TABLE: quarantine,
    POSITIONS_TABLE: positions,
    DEFERRED_WEBHOOKS_QUEUE_URL: deferredWebhooksQueueUrl,
    SHOPPER_FIELD: shopperField,
    REWARDABLE_CATEGORIES: JSON.stringify(rewardableCategories),
    QUARANTINE_RETENTION_DAYS: String(quarantineRetentionDays),
    ...(liveFrom === undefined ? {} : { LIVE_FROM: liveFrom }),
  };
}

/**
 * From when on transactions are live, if a setting says so. With a first read that is live, every webhook is
 * live too: what brings a transaction must not decide whether it is paid.
 */
export function liveFromOf({ liveFrom, reconciler }: TransactionsConfig): string | undefined {
  return liveFrom ?? (reconciler.firstRead === 'live' ? '1970-01-01T00:00:00Z' : undefined);
}

/** The event publisher's environment. */
export function eventPublisherEnvironment(
  {
    includePersonalFields,
    finalizationDays,
  }: Pick<TransactionsConfig, 'includePersonalFields' | 'finalizationDays'>,
  resources: { eventBusName: string; transactionsTable: string },
): EventPublisher {
  return {
    EVENT_BUS_NAME: resources.eventBusName,
    TRANSACTIONS_TABLE: resources.transactionsTable,
    INCLUDE_PERSONAL_FIELDS: includePersonalFields ? 'true' : 'false',
    FINALIZATION_DAYS: String(finalizationDays),
  };
}

/** The environment of the function that delivers events over HTTP. */
export function eventDeliveryEnvironment(
  { url, timeoutMs }: EventDeliveryConfig,
  resources: { secretsId: string; rewardQueueUrl: string },
): EventDelivery {
  return {
    DELIVERY_URL: url,
    DELIVERY_TIMEOUT_MS: String(timeoutMs),
    DELIVERY_SECRETS_ID: resources.secretsId,
    REWARD_QUEUE_URL: resources.rewardQueueUrl,
  };
}

type ReconciliationResources = {
  positions: string;
  wakeUpQueueUrl: string;
  apiKeyId: string;
  buttonApiUrl: string;
};

/** The reconciliation planner's environment. */
export function reconciliationPlannerEnvironment(
  { reconciler }: TransactionsConfig,
  resources: ReconciliationResources,
): ReconciliationPlanner {
  return {
    ...reconciliationEnvironment(reconciler, resources),
    FIRST_READ: reconciler.firstRead,
    READ_FROM: reconciler.readFrom,
    SWEEP_DAYS: String(reconciler.sweepDays),
    LAG_SECONDS: String(reconciler.lagSeconds),
  };
}

/** The transaction reconciler's environment. */
export function transactionReconcilerEnvironment(
  { reconciler, shopperField, rewardableCategories, quarantineRetentionDays, liveFrom }: TransactionsConfig,
  resources: ReconciliationResources & { transactions: string; quarantine: string },
): TransactionReconciler {
  return {
    ...reconciliationEnvironment(reconciler, resources),
    TRANSACTIONS_TABLE: resources.transactions,
    QUARANTINE_TABLE: resources.quarantine,
    SHOPPER_FIELD: shopperField,
    REWARDABLE_CATEGORIES: JSON.stringify(rewardableCategories),
    OVERLAP_SECONDS: String(reconciler.overlapSeconds),
    LAG_SECONDS: String(reconciler.lagSeconds),
    SLICE_SECONDS: String(reconciler.sliceSeconds),
    PAGE_SIZE: String(reconciler.pageSize),
    QUARANTINE_RETENTION_DAYS: String(quarantineRetentionDays),
    DRIFT_RETENTION_DAYS: String(reconciler.driftRetentionDays),
    ...(liveFrom === undefined ? {} : { LIVE_FROM: liveFrom }),
  };
}

/** What planner and reconciler share. */
function reconciliationEnvironment(
  { buttonTimeoutMs }: TransactionsConfig['reconciler'],
  { positions, wakeUpQueueUrl, apiKeyId, buttonApiUrl }: ReconciliationResources,
): Pick<
  ReconciliationPlanner,
  'POSITIONS_TABLE' | 'READ_QUEUE_URL' | 'API_KEY_SECRET_ID' | 'BUTTON_API_URL' | 'BUTTON_TIMEOUT_MS'
> {
  return {
    POSITIONS_TABLE: positions,
    READ_QUEUE_URL: wakeUpQueueUrl,
    API_KEY_SECRET_ID: apiKeyId,
    BUTTON_API_URL: buttonApiUrl,
    BUTTON_TIMEOUT_MS: String(buttonTimeoutMs),
  };
}

/** The personal data expiry's environment. */
export function personalDataExpiryEnvironment(
  { personalDataDays, finalizationDays, overdueGraceDays }: TransactionsConfig,
  resources: { transactions: string; positions: string },
): PersonalDataExpiry {
  return {
    TRANSACTIONS_TABLE: resources.transactions,
    POSITIONS_TABLE: resources.positions,
    PERSONAL_DATA_DAYS: String(personalDataDays),
    FINALIZATION_DAYS: String(finalizationDays),
    OVERDUE_GRACE_DAYS: String(overdueGraceDays),
  };
}

/** The publisher API's environment. */
export function publisherApiEnvironment(
  { personalDataDays }: Pick<TransactionsConfig, 'personalDataDays'>,
  resources: { transactions: string },
): PublisherApi {
  return {
    TRANSACTIONS_TABLE: resources.transactions,
    PERSONAL_DATA_DAYS: String(personalDataDays),
  };
}

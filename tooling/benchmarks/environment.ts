import type { Environment as EventPublisher } from '../../functions/event-publisher/env.ts';
import type { Environment as OrderReporter } from '../../functions/order-reporter/env.ts';
import type { Environment as PersonalDataExpiry } from '../../functions/personal-data-expiry/env.ts';
import type { Environment as PublisherApi } from '../../functions/publisher-api/env.ts';
import type { Environment as ReconciliationPlanner } from '../../functions/reconciliation-planner/env.ts';
import type { Environment as RetrySweep } from '../../functions/retry-sweep/env.ts';
import type { Environment as TransactionReconciler } from '../../functions/transaction-reconciler/env.ts';
import type { Environment as DeferredWebhooks } from '../../functions/deferred-webhooks/env.ts';
import type { Environment as WebhookReceiver } from '../../functions/webhook-receiver/env.ts';
import { TABLES } from './stand-ins/tables.ts';

/** The region of all stand-ins. */
export const REGION = 'eu-west-1';

/** The secrets' values in the stand-in. */
export const SECRETS = {
  'api-key': 'sk-bench',
  'webhook-secrets': '[{"name":"main","secret":"bench-webhook-secret"}]',
} as const;

/** The secret that signs the webhooks. */
export const WEBHOOK_SECRET = 'bench-webhook-secret';

/** The environment variables of all stacks together; the compiler finds any that is missing here. */
type EveryEnvironment = EventPublisher &
  OrderReporter &
  PersonalDataExpiry &
  PublisherApi &
  ReconciliationPlanner &
  RetrySweep &
  TransactionReconciler &
  DeferredWebhooks &
  WebhookReceiver;

/**
 * The environment of every measured function, this project's and the peers': the stacks' defaults, with AWS
 * and Button on this machine.
 */
export function functionEnvironment({
  awsUrl,
  buttonUrl,
}: {
  awsUrl: string;
  buttonUrl: string;
}): Record<string, string> {
  const ours = {
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'ASIABENCH',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_SESSION_TOKEN: 'bench',
    AWS_ENDPOINT_URL: awsUrl,
    AWS_LAMBDA_FUNCTION_NAME: 'measured',
    BUTTON_API_URL: buttonUrl,
    BUTTON_TIMEOUT_MS: '10000',
    TRANSACTIONS_TABLE: TABLES.transactions,
    ORDER_LEDGER_TABLE: TABLES.orderLedger,
    POSITIONS_TABLE: TABLES.positions,
    QUARANTINE_TABLE: TABLES.quarantine,
    PLAIN_TABLE: TABLES.plain,
    IDEMPOTENCY_TABLE: TABLES.idempotency,
    WEBHOOK_SECRETS_ID: 'webhook-secrets',
    API_KEY_SECRET_ID: 'api-key',
    DEFERRED_WEBHOOKS_QUEUE_URL: `${awsUrl}/111122223333/deferred-webhooks`,
    ORDER_QUEUE_URL: `${awsUrl}/111122223333/orders.fifo`,
    READ_QUEUE_URL: `${awsUrl}/111122223333/read-messages.fifo`,
    EVENT_BUS_NAME: 'bus',
    SHOPPER_FIELD: 'publisher_customer_id',
    QUARANTINE_RETENTION_DAYS: '90',
    DRIFT_RETENTION_DAYS: '400',
    PERSONAL_DATA_DAYS: '400',
    MAX_RECEIVES: '1000',
    INCLUDE_PERSONAL_FIELDS: 'false',
    FINALIZATION_DAYS: '90',
    BRAND_ID: 'acme',
    QUIET_TIME_SECONDS: '60',
    RETRY_BASE_SECONDS: '30',
    RETRY_MAX_SECONDS: '1800',
    ORDER_BY: 'sequence',
    TEST_TOKENS: 'allow',
    ALLOW_FINALIZATION_DATE: 'false',
    MAX_RETRIES_PER_SWEEP: '500',
    OVERLAP_SECONDS: '0',
    LAG_SECONDS: '0',
    SLICE_SECONDS: '840',
    PAGE_SIZE: '100',
    FIRST_READ: 'live',
    READ_FROM: '2026-01-01T00:00:00Z',
    SWEEP_DAYS: '120',
    OVERDUE_GRACE_DAYS: '30',
    REWARDABLE_CATEGORIES: '["new-user-order","existing-user-order"]',
  } satisfies EveryEnvironment & Record<string, string>;
  return { ...ours, POWERTOOLS_SERVICE_NAME: 'measured' };
}

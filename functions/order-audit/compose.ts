import { parseApiKey } from '../../shared/button/api-key.ts';
import type { OpenButtonHttp } from '../../shared/button/button-http.ts';
import { createOrderApi } from '../../shared/button/order-api.ts';
import { withButton } from '../../shared/button/with-button.ts';
import { auditOrders, type OrderAudit } from '../../shared/orders/audit-orders.ts';
import type { ComposedFunction, Runtime } from '../../shared/runtime/runtime.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { cachedSecret } from '../../shared/runtime/secret.ts';
import { sampleSettledOrders } from '../../shared/orders/store/order-ledger-scan.ts';
import { createOrderLedger } from '../../shared/orders/store/order-ledger-store.ts';
import { reportUnreadable } from '../../shared/dynamodb/unreadable-item.ts';
import { EnvironmentSchema } from './env.ts';
import { measureAudit } from './measure-audit.ts';

/** One order takes two calls to Button, and some time for the ledger. */
const LEDGER_TIME_MS = 2000;
const DAY_MS = 86_400_000;

/** What the order audit is composed from. */
export type OrderAuditRuntime = Runtime<'dynamodb' | 'secretsManager'> & { openButton: OpenButtonHttp };

/**
 * Composes the scheduled function that compares orders at Button with what was reported. It returns its
 * findings as numbers.
 */
export function composeOrderAudit({
  env: variables,
  aws,
  metrics,
  now,
  random,
  wait,
  openButton,
}: OrderAuditRuntime): ComposedFunction<unknown, { audited: number; drifted: number }> {
  const env = parseEnvironment(EnvironmentSchema, variables);
  const brandTable = { client: aws.dynamodb(), table: env.ORDER_LEDGER_TABLE, brand: env.BRAND_ID };
  const ledger = createOrderLedger(brandTable);
  const button = {
    openHttp: () => openButton({ baseUrl: env.BUTTON_API_URL, timeoutMs: env.BUTTON_TIMEOUT_MS }),
    apiKey: cachedSecret({
      client: aws.secretsManager(),
      secretId: env.API_KEY_SECRET_ID,
      parse: parseApiKey,
      now: () => now().getTime(),
    }),
    createApi: createOrderApi,
  };
  const nothing: OrderAudit = { audited: 0, drift: [], unanswered: 0, skipped: 0 };
  return {
    handle: (_event, context) =>
      withButton(button, async (api) => {
        const to = now();
        const range = { from: new Date(to.getTime() - env.AUDIT_DAYS * DAY_MS), to };
        const timeLeft = (): boolean =>
          context.getRemainingTimeInMillis() > 2 * env.BUTTON_TIMEOUT_MS + LEDGER_TIME_MS;
        const audit =
          typeof api === 'string'
            ? nothing
            : await auditOrders(sampleSettledOrders({ ...brandTable, timeLeft }, random), {
                ledger,
                api,
                range,
                most: env.AUDIT_SAMPLE,
                pace: () => wait(1000 / env.AUDIT_PER_SECOND),
                timeLeft,
                onUnreadable: reportUnreadable(metrics, 'UnreadableLedgerItems'),
                now,
              });
        measureAudit(audit, { brand: env.BRAND_ID, metrics });
        return { audited: audit.audited, drifted: audit.drift.length };
      }),
  };
}

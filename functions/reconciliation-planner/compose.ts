import { parseApiKey } from '../../shared/button/api-key.ts';
import type { ButtonHttp, OpenButtonHttp } from '../../shared/button/button-http.ts';
import { keepingListWait, withKeyWait } from '../../shared/button/key-wait.ts';
import { createBrandsApi } from '../../shared/button/list-brands.ts';
import { createTransactionsApi } from '../../shared/button/transactions-api.ts';
import { withButton } from '../../shared/button/with-button.ts';
import type { ComposedFunction, Runtime } from '../../shared/runtime/runtime.ts';
import { parseEnvironment } from '../../shared/runtime/env.ts';
import { createFifoSender } from '../../shared/runtime/fifo-sender.ts';
import { log } from '../../shared/runtime/logger.ts';
import { cachedSecret } from '../../shared/runtime/secret.ts';
import { createKeyWaitStore, createListWaitStore } from '../../shared/reconciliation/store/key-wait-store.ts';
import {
  type FinalizationWindows,
  readFinalizationWindows,
  saveFinalizationWindows,
} from '../../shared/transactions/store/finalization-windows.ts';
import { createPositionStore } from '../../shared/reconciliation/store/position-store.ts';
import { EnvironmentSchema } from './env.ts';
import { refreshWindows } from './refresh-windows.ts';
import { planReconciliation, streamsOf, type PlanOutcome } from './plan-reconciliation.ts';

/**
 * Composes the scheduled function that sends a read message for every stream of every account. It returns its
 * plan.
 */
export function composeReconciliationPlanner({
  env: variables,
  aws,
  openButton,
  metrics,
  now,
}: Runtime<'dynamodb' | 'secretsManager' | 'sqs'> & { openButton: OpenButtonHttp }): ComposedFunction<
  unknown,
  PlanOutcome
> {
  const env = parseEnvironment(EnvironmentSchema, variables);
  const dynamodb = aws.dynamodb();
  const positions = { client: dynamodb, table: env.POSITIONS_TABLE };
  const waiting = { wait: createKeyWaitStore(positions), now };
  const listWait = createListWaitStore(positions);
  const button = {
    openHttp: () => openButton({ baseUrl: env.BUTTON_API_URL, timeoutMs: env.BUTTON_TIMEOUT_MS }),
    apiKey: cachedSecret({
      client: aws.secretsManager(),
      secretId: env.API_KEY_SECRET_ID,
      parse: parseApiKey,
      now: () => now().getTime(),
    }),
    createApi: (http: ButtonHttp, apiKey: string) => ({
      ...withKeyWait(createTransactionsApi(http, apiKey), { ...waiting, listWait }),
      listBrands: () => keepingListWait(waiting, () => createBrandsApi(http, apiKey).listBrands()),
    }),
  };
  const ports = {
    positions: createPositionStore(positions),
    send: createFifoSender({ client: aws.sqs(), queueUrl: env.READ_QUEUE_URL }),
    metrics,
    firstRead: env.FIRST_READ,
    readFrom: env.READ_FROM,
    sweepDays: env.SWEEP_DAYS,
    lagMs: env.LAG_SECONDS * 1000,
    now,
  };
  const windows = {
    read: () => readFinalizationWindows(positions),
    save: (read: FinalizationWindows) => saveFinalizationWindows(positions, read),
  };
  return {
    handle: (event, context) =>
      withButton(button, async (api) => {
        const plan = await planReconciliation({
          ...ports,
          api,
          streams: streamsOf(event),
          tickId: context.awsRequestId,
        });
        log.info('reconciliation_planned', plan);
        if (typeof api !== 'string') await refreshWindows({ api, ...windows, metrics, now });
        return plan;
      }),
  };
}

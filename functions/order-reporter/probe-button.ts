import type { ApiKeyProblem } from '../../shared/button/api-key.ts';
import type { OrderApi, OrderApiAnswer } from '../../shared/button/order-api.ts';
import type { ButtonHealth } from '../../shared/orders/rules/breaker.ts';
import type { BreakerWatch } from './breaker-watch.ts';

/** No order has this id. The probe only needs Button's own answer, however Button refuses the id. */
const NO_ORDER = 'button-serverless-probe';

/**
 * Sends Button a harmless read while the breaker is open, and closes the breaker if Button answers it. Sends
 * nothing for a paused brand. Throws what the breaker throws.
 */
export async function probeButton({
  orderApi,
  breaker,
}: {
  orderApi: OrderApi | ApiKeyProblem;
  breaker: Pick<BreakerWatch, 'isPaused' | 'recordProbe'>;
}): Promise<void> {
  if (typeof orderApi === 'string' || (await breaker.isPaused())) return;
  await breaker.recordProbe(healthOfAnswer(await orderApi.get(NO_ORDER)));
}

function healthOfAnswer({ answer, ...rest }: OrderApiAnswer): ButtonHealth {
  switch (answer) {
    case 'found':
    case 'not-found':
    case 'refused':
      return 'healthy';
    case 'unauthorized':
      return 'unauthorized';
    default:
      if ('isRefused' in rest && rest.isRefused) return 'healthy';
      return 'reason' in rest && rest.reason === 'http_429' ? 'throttled' : 'outage';
  }
}

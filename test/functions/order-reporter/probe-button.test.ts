import { describe, expect, it } from 'vitest';

import { createBreakerWatch } from '../../../functions/order-reporter/breaker-watch.ts';
import { probeButton } from '../../../functions/order-reporter/probe-button.ts';
import type { ButtonResponse } from '../../../shared/button/button-http.ts';
import { createOrderApi } from '../../../shared/button/order-api.ts';
import { openBreaker } from '../../../shared/orders/rules/breaker.ts';
import { createInMemoryBreakerStore } from '../../fakes/in-memory-stores.ts';

const now = new Date('2026-06-01T12:00:00.000Z');

async function stateAfter(response: ButtonResponse): Promise<string | undefined> {
  const store = createInMemoryBreakerStore();
  await store.write(openBreaker(undefined, 'outage', now), 0);
  const breaker = createBreakerWatch({ store, now: () => now });
  const http = { call: () => Promise.resolve(response), close: () => undefined };
  await probeButton({ orderApi: createOrderApi(http, 'key'), breaker });
  return store.current()?.state;
}

function answered(status: number, body: unknown): ButtonResponse {
  return { result: 'answered', status, body };
}

const refusal = { meta: { status: 'error' }, error: { message: 'Invalid order id' } };

describe('orders, requirement 5: a harmless read closes the breaker if Button itself answers it', () => {
  it.each([400, 403, 404, 409, 410, 422, 429])('with its own %i', async (status) => {
    expect(await stateAfter(answered(status, refusal))).toBe('closed');
  });

  it.each([400, 403, 404, 422, 500])('but not if a page comes with %i', async (status) => {
    expect(await stateAfter(answered(status, undefined))).toBe('open');
  });

  it.each([401, 500, 503])(
    'but not with its own %i: the key is refused, or Button is not healthy',
    async (status) => {
      expect(await stateAfter(answered(status, refusal))).toBe('open');
    },
  );
});

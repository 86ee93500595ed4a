import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { formatText } from '../../../../tooling/format-text.ts';
import { buildCheckoutSchema } from '../../../../shared/validation/webhooks/checkout-schema.ts';
import {
  buildEventSchemas,
  TRANSACTION_EVENT_SOURCE,
  TRANSACTION_EVENT_TYPES,
  transactionChanged,
  type PublishedState,
} from '../../../../shared/validation/webhooks/transaction-changed.ts';

const state: PublishedState = {
  pk: 'order#btnorder-1',
  version: 3,
  changes: 3,
  storedAt: '2026-01-01T10:00:01.000Z',
  status: 'pending',
  category: 'new-user-order',
  amountMinor: 600,
  currency: 'USD',
  transactionId: 'tx-1',
  createdDate: '2026-01-01T10:00:00Z',
  modifiedDate: '2026-01-01T10:00:00Z',
  otherKeys: [],
  delivery: 'live',
};
const settings = { includePersonalFields: false };

describe('transactionChanged', () => {
  it('says what it does not know of a version that is published again, and guesses no delta', () => {
    const { type, detail } = transactionChanged('unknown', state, settings);

    expect(type).toBe('transaction.adjusted');
    expect(detail).toMatchObject({ version: 3, previousStatus: null, deltaMinor: null, amountMinor: 600 });
  });

  it('rewards nobody for a transaction whose shopper was erased, and moves no money for it', () => {
    const erased = { ...state, erasedAt: '2026-03-01T00:00:00.000Z', notRewardableReason: 'erased' } as const;

    const { detail } = transactionChanged(erased, { ...erased, version: 4, status: 'validated' }, settings);

    expect(detail).toMatchObject({ rewardable: false, deltaMinor: 0, final: true });
  });

  it('gives the delta of an amount that changes as it becomes final (D13)', () => {
    const { detail } = transactionChanged(
      state,
      { ...state, version: 4, status: 'validated', amountMinor: 450 },
      settings,
    );

    expect(detail).toMatchObject({ previousAmountMinor: 600, amountMinor: 450, deltaMinor: -150 });
  });
});

describe('the JSON Schema of the events', () => {
  it.each(TRANSACTION_EVENT_TYPES)(
    'is in docs/schemas as the code defines it (UPDATE_SCHEMAS=1 writes it): %s',
    async (type) => {
      const file = fileURLToPath(new URL(`../../../../docs/schemas/${type}.schema.json`, import.meta.url));
      const schema = buildEventSchemas()[type];
      if (process.env['UPDATE_SCHEMAS'] === '1') {
        writeFileSync(file, await formatText(file, JSON.stringify(schema)));
      }

      const current: unknown = JSON.parse(readFileSync(file, 'utf8'));

      expect(current).toEqual(JSON.parse(JSON.stringify(schema)));
    },
  );

  it('is in docs/schemas for a checkout too', async () => {
    const file = fileURLToPath(
      new URL('../../../../docs/schemas/checkout.received.schema.json', import.meta.url),
    );
    const schema = buildCheckoutSchema(TRANSACTION_EVENT_SOURCE);
    if (process.env['UPDATE_SCHEMAS'] === '1')
      writeFileSync(file, await formatText(file, JSON.stringify(schema)));

    const current: unknown = JSON.parse(readFileSync(file, 'utf8'));

    expect(current).toEqual(JSON.parse(JSON.stringify(schema)));
  });

  it('is of draft 2020-12, names the event, requires no personal field and allows new fields', () => {
    const schema = buildEventSchemas()['transaction.validated'];

    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      properties: {
        'detail-type': { const: 'transaction.validated' },
        source: { const: 'button.transactions' },
        detail: { properties: { status: { const: 'validated' } } },
      },
    });
    expect(JSON.stringify(schema)).not.toContain('additionalProperties');
    expect(JSON.stringify(schema)).not.toMatch(/"required":\[[^\]]*publisherCustomerId/);
  });
});

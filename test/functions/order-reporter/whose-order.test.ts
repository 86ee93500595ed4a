import { describe, expect, it } from 'vitest';

import { callButton } from '../../../functions/order-reporter/call-button.ts';
import type { ButtonHttp, ButtonResponse } from '../../../shared/button/button-http.ts';
import { createOrderApi } from '../../../shared/button/order-api.ts';
import { evolve } from '../../../shared/orders/rules/order-evolution.ts';
import type { LedgerEntry, UnconfirmedOrder } from '../../../shared/orders/rules/order-ledger.ts';

const now = new Date('2026-06-01T12:00:00.000Z');
const order = { order_id: 'order-1', total: 1000, currency: 'USD', purchase_date: '2026-06-01T11:00:00Z' };
const bought = { purchase_date: order.purchase_date, currency: 'USD' };
const boughtFirst = { ...bought, purchase_date: '2026-05-30T10:00:00Z' };
const btnRef = 'srctok-1';
const buttonOrderId = 'btnorder-1';

const version = { by: 'sequence', sequence: '2' } as const;
const about = { version, eventId: 'e', eventSource: 's', messageId: 'm', time: '2026-06-01T11:00:00.000Z' };
const at = '2026-05-01T00:00:00.000Z';
const reported = { version, kind: 'created', hash: 'h-1', at, acceptedOnly: false } as const;
const claim = { state: 'claimed', owner: 'run', until: now.toISOString(), hash: 'h-2' } as const;
const doubt = { kind: 'unclear', hash: 'h-1' } as const;
const base = { brand: 'acme', orderId: order.order_id, progress: claim, attempts: 0, warnings: [] };
const sent: LedgerEntry = { ...base, newest: { ...about, kind: 'created', hash: 'h-2', order } };
const cancelled: LedgerEntry = { ...base, newest: { ...about, kind: 'cancelled', hash: 'h-2' } };
const cancels = (known: UnconfirmedOrder): LedgerEntry => ({
  ...cancelled,
  newest: { ...cancelled.newest, cancels: known },
});
const foundNothing: LedgerEntry = {
  ...cancelled,
  reported: { ...reported, kind: 'cancelled' },
  progress: { ...claim, doubt: { kind: 'confirming', hash: 'h-2' } },
};

/** The order's own message arrives after its cancellation. */
function thenTold(entry: LedgerEntry): LedgerEntry {
  const after = evolve(entry, { event: 'purchase-noted', purchase: bought });
  if (!after.newest) throw new Error('expected a known order');
  return after;
}

/** What the ledger knows, apart from the order's token and the purchase that was sent first. */
const KNOWN = {
  new: sent,
  'in doubt': { ...sent, progress: { ...claim, doubt } },
  'in doubt, with an id': { ...sent, progress: { ...claim, doubt: { ...doubt, shownId: buttonOrderId } } },
  accepted: { ...sent, reported: { ...reported, acceptedOnly: true } },
  cancelled: cancels(bought),
  'cancelled, known by its token': cancels({}),
  'cancelled, unknown': cancelled,
  'cancelled, unknown, then told': thenTold(cancelled),
  'cancelled, known by its token, then told': thenTold(cancels({})),
  'cancelled, found nowhere, then told': thenTold(foundNothing),
  'cancelled, acknowledged': { ...cancelled, reported },
  'cancelled, acknowledged with an id': { ...cancelled, reported: { ...reported, buttonOrderId } },
  'cancelled, then acknowledged with an id': {
    ...cancels(bought),
    reported: { ...reported, buttonOrderId },
  },
  acknowledged: { ...sent, progress: { ...claim, doubt }, reported },
  'acknowledged with an id': { ...sent, reported: { ...reported, buttonOrderId } },
} satisfies Record<string, LedgerEntry>;

/** What Button shows. */
const TOKENS = {
  hidden: {},
  none: { btn_ref: null },
  ours: { btn_ref: btnRef },
  other: { btn_ref: 'other' },
};
const IDS = {
  hidden: {},
  ours: { button_order_id: buttonOrderId },
  other: { button_order_id: 'btnorder-2' },
};
const PURCHASES = {
  hidden: {},
  day: { ...bought, purchase_date: '2026-06-02' },
  ours: bought,
  first: boughtFirst,
  other: { ...bought, purchase_date: '2020-01-01T00:00:00Z' },
  currency: { ...bought, currency: 'JPY' },
};

/** Asks and tells a Button that holds one order. Returns whether a call has changed that, and the end. */
async function meet(entry: LedgerEntry, held: { button_order_id?: string; status: string }) {
  const ids = [order.order_id, held.button_order_id];
  let isChanged = false;
  const say = (status: number, what: object): ButtonResponse => {
    const body = { meta: { status: status < 300 ? 'ok' : 'error' }, error: { message: 'no' }, ...what };
    return { result: 'answered', status, body };
  };
  const call: ButtonHttp['call'] = async ({ method, path }) => {
    await Promise.resolve();
    if (path.includes('/btn-ref/')) return say(200, { objects: [] });
    if (path === '/v1/order') return say(409, {});
    if (!ids.includes(path.replace('/v1/order/', ''))) return say(404, {});
    if (method === 'GET') return say(200, { object: { order_id: order.order_id, ...held } });
    if (held.status === 'finalized') return say(403, {});
    isChanged = true;
    return say(200, { object: null });
  };
  const api = createOrderApi({ call, close: () => undefined }, 'key');
  const { result } = await callButton(entry, { api, now, verifyBefore: undefined });
  return { isChanged, reason: 'reason' in result ? result.reason : result.result };
}

type Case = Record<'known' | 'token' | 'id' | 'purchase', string> & {
  entry: LedgerEntry;
  shown: Parameters<typeof meet>[1];
};

/** Every combination. What the ledger does not know is hidden, or no proof, whatever Button shows. */
function* everyCase(): Generator<Case> {
  for (const [known, state] of Object.entries(KNOWN))
    for (const also of [{}, { btnRef }, { sent: boughtFirst }, { btnRef, sent: boughtFirst }])
      for (const [token, shownToken] of Object.entries(TOKENS))
        for (const [id, shownId] of Object.entries(IDS))
          for (const [purchase, shownPurchase] of Object.entries(PURCHASES))
            yield {
              known,
              token: 'btnRef' in also ? token : 'hidden',
              id,
              purchase: purchase === 'first' && !('sent' in also) ? 'other' : purchase,
              entry: { ...state, ...also },
              shown: { ...shownToken, ...shownId, ...shownPurchase, status: 'open' },
            };
}

const UNCONFIRMED = [
  ...['new', 'in doubt', 'in doubt, with an id', 'accepted', 'cancelled'],
  ...['cancelled, unknown, then told', 'cancelled, known by its token, then told'],
  'cancelled, found nowhere, then told',
];
const TOKEN_ONLY = ['cancelled, known by its token'];
/** The purchases that no version had that was sent. */
const UNSENT = ['hidden', 'day', 'ours', 'other', 'currency'];
const COMPARABLE = ['acknowledged with an id', 'cancelled, then acknowledged with an id'];
const WITH_ID = [...COMPARABLE, 'cancelled, acknowledged with an id'];

type Rule = Partial<Record<'known' | 'token' | 'id' | 'purchase', readonly string[]>>;

/** The first row that fits decides. */
const RULES: readonly [what: string, isOurs: boolean, rule: Rule][] = [
  ['of an order acknowledged without an id', true, { known: ['acknowledged', 'cancelled, acknowledged'] }],
  ['of a cancelled order of which nothing is known', true, { known: ['cancelled, unknown'] }],
  ['with the token', true, { token: ['ours'] }],
  ['with the id of Button’s that the ledger knows', true, { known: WITH_ID, id: ['ours'] }],
  ['with another id of Button’s than that', false, { known: WITH_ID, id: ['other'] }],
  ['with another token', false, { token: ['other'] }],
  ['that our token, all that is known, does not prove', false, { known: TOKEN_ONLY, purchase: UNSENT }],
  ['of an acknowledged, cancelled order', true, { known: ['cancelled, acknowledged with an id'] }],
  ['with the newest purchase, or the one sent first', true, { purchase: ['ours', 'first'] }],
  ['with another purchase', false, { purchase: ['other', 'currency'] }],
  ['that proves nothing, of an acknowledged order', true, { known: COMPARABLE }],
  ['that proves nothing, of an order never acknowledged', false, { known: UNCONFIRMED }],
];

const fits = (rule: Rule, one: Case): boolean =>
  (['known', 'token', 'id', 'purchase'] as const).every((field) => rule[field]?.includes(one[field]) ?? true);

describe('what Button shows under the brand’s id (requirement 7)', () => {
  const cases = [...everyCase()];

  it.each(RULES)('%s counts as ours: %s', async (_what, isOurs, rule) => {
    const decided = cases.filter((one) => RULES.find(([, , other]) => fits(other, one))?.[2] === rule);

    expect(decided).not.toEqual([]);
    for (const one of decided) {
      const { isChanged } = await meet(one.entry, one.shown);
      const { reason } = await meet(one.entry, { ...one.shown, status: 'finalized' });

      expect({ ...one, isChanged, isTooLate: reason === 'too_late' }).toEqual({
        ...one,
        isChanged: isOurs,
        isTooLate: isOurs,
      });
    }
  });

  it('is decided in every case', () => {
    expect(cases.filter((one) => !RULES.some(([, , rule]) => fits(rule, one)))).toEqual([]);
  });
});

import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { callButton } from '../../../functions/order-reporter/call-button.ts';
import type { CallEnd } from '../../../functions/order-reporter/call-end.ts';
import type { OrderApi, OrderApiAnswer, OrderAtButton } from '../../../shared/button/order-api.ts';
import type { Doubt, LedgerEntry, ReportedVersion } from '../../../shared/orders/rules/order-ledger.ts';
import { OrderSchema, type Order } from '../../../shared/validation/orders/order.ts';

const { btn_ref: token = '', ...order } = OrderSchema.parse(
  JSON.parse(readFileSync(new URL('../../fixtures/button/order-create.json', import.meta.url), 'utf8')),
);
const now = new Date('2026-06-01T12:00:00.000Z');
const version = { by: 'sequence', sequence: '2' } as const;

const done: OrderApiAnswer = { answer: 'done', acceptedOnly: false };
const missing: OrderApiAnswer = { answer: 'not-found' };
const detail = { status: 403, message: 'no' };
const forbidden: OrderApiAnswer = { answer: 'forbidden', detail };
const refusal: OrderApiAnswer = { answer: 'refused', detail: { status: 400, message: 'bad total' } };
const down: OrderApiAnswer = {
  answer: 'unanswered',
  isRefused: false,
  reason: 'http_503',
  detail: { status: 503 },
};
const { total, currency, purchase_date, line_items = [] } = order;
/** The order as Button shows it, without its token. */
const held: OrderAtButton = { status: 'open', total, currency, purchase_date, line_items };
const waitsForbidden = {
  result: 'try-again',
  reason: 'forbidden',
  blamesOrder: true,
  answer: detail,
} as const;

function found(shown: OrderAtButton): OrderApiAnswer {
  return { answer: 'found', order: shown };
}

type Claimed = {
  kind?: 'created' | 'updated' | 'cancelled';
  reported?: Partial<ReportedVersion>;
  doubt?: Doubt;
  more?: Partial<LedgerEntry>;
  content?: Order;
};

const inDoubt: Claimed = { doubt: { kind: 'unclear', hash: 'h-2' } };

/** The claimed entry of a version, with a token unless `more` removes it. */
function claimed({ kind = 'created', reported, doubt, more, content = order }: Claimed): LedgerEntry {
  const known = {
    version,
    kind: 'created',
    hash: 'h-1',
    at: '2026-05-01T00:00:00.000Z',
    acceptedOnly: false,
  } as const;
  return {
    brand: 'acme',
    orderId: order.order_id,
    btnRef: token,
    newest: {
      ...{ version, kind, hash: 'h-2', eventId: 'e', eventSource: 's', messageId: 'm' },
      ...{ time: now.toISOString(), ...(kind === 'cancelled' ? {} : { order: content }) },
    },
    ...(reported ? { reported: { ...known, ...reported } } : {}),
    progress: {
      state: 'claimed',
      owner: 'run',
      until: now.toISOString(),
      hash: 'h-2',
      ...(doubt ? { doubt } : {}),
    },
    attempts: 0,
    warnings: [],
    ...more,
  };
}

function tokenless(given: Claimed): LedgerEntry {
  const { btnRef: _token, ...entry } = claimed(given);
  return entry;
}

type Answers = Partial<Record<keyof OrderApi, OrderApiAnswer | readonly OrderApiAnswer[]>>;

/**
 * Calls a Button that gives these answers, each operation in this order. Returns the requests and the result.
 */
async function talk(entry: LedgerEntry, answers: Answers, verifyBefore?: string) {
  const asked: string[] = [];
  const calls: unknown[][] = [];
  const answer =
    (operation: keyof OrderApi) =>
    (...args: unknown[]): Promise<OrderApiAnswer> => {
      const time = asked.filter((one) => one === operation).length;
      asked.push(operation);
      // Whose order it is follows the id: always this one's.
      calls.push([operation, ...(operation === 'get' || operation === 'cancel' ? args.slice(0, 1) : args)]);
      const given = [answers[operation] ?? []].flat();
      return Promise.resolve(given[time] ?? given.at(-1) ?? { answer: 'unclear', reason: 'not_expected' });
    };
  const api: OrderApi = {
    create: answer('create'),
    update: answer('update'),
    cancel: answer('cancel'),
    get: answer('get'),
    getByToken: answer('getByToken'),
  };
  return { asked, calls, ...(await callButton(entry, { api, now, verifyBefore })) };
}

const isDone = { result: 'done', acceptedOnly: false, sent: true } as const;
const isCreated = { ...isDone, created: true, token: 'taken' };

describe('callButton', () => {
  it('sends no read before it cancels, creates or updates an order that is not in doubt', async () => {
    const cancelled = await talk(claimed({ kind: 'cancelled', reported: {} }), { cancel: done });
    const created = await talk(claimed({}), { create: done });
    const updated = await talk(claimed({ kind: 'updated', reported: {} }), { update: done });

    expect([cancelled.asked, created.asked, updated.asked]).toEqual([['cancel'], ['create'], ['update']]);
  });

  it.each<[string, OrderApiAnswer, CallEnd['result']]>([
    ['done', done, { result: 'done', acceptedOnly: false, sent: true }],
    [
      'done, accepted only, under an id of Button’s',
      { answer: 'done', acceptedOnly: true, buttonOrderId: 'btnorder-1' },
      { result: 'done', acceptedOnly: true, sent: true, buttonOrderId: 'btnorder-1' },
    ],
    [
      'not carried out',
      { answer: 'try-again', reason: 'econnrefused' },
      { result: 'try-again', reason: 'econnrefused' },
    ],
    [
      'not carried out, with the time to wait (B2)',
      { answer: 'try-again', reason: 'http_429', afterMs: 3000 },
      { result: 'try-again', reason: 'http_429', afterMs: 3000 },
    ],
    ['unclear', { answer: 'unclear', reason: 'timeout' }, { result: 'unclear', reason: 'timeout' }],
    [
      'unclear, with the answer',
      { answer: 'unclear', reason: 'http_500', detail: { status: 500, type: 'oops' } },
      { result: 'unclear', reason: 'http_500', answer: { status: 500, type: 'oops' } },
    ],
    [
      'an answer that it never gives to an update',
      { answer: 'exists' },
      { result: 'unclear', reason: 'unexpected_answer' },
    ],
    [
      'an answer that it gives only to a read',
      { answer: 'found', order: {} },
      { result: 'unclear', reason: 'unexpected_answer' },
    ],
    ['refused (B5)', refusal, { result: 'refused', reason: 'refused_by_button' }],
  ])('returns the result of an update to the ledger: %s', async (_what, answer, result) => {
    const end = await talk(claimed({ kind: 'updated', reported: {} }), { update: answer });

    expect(end.result).toEqual(result);
    expect(end.refusal?.code).toBe(result.result === 'refused' ? result.reason : undefined);
  });

  it('keeps in quarantine what Button says, if it says anything, and how to fix it', async () => {
    const entry = claimed({ kind: 'updated', reported: {} });

    const silent = await talk(entry, { update: { answer: 'refused', detail: { status: 400 } } });
    const telling = await talk(entry, { update: refusal });

    expect(silent.refusal?.problem).toBe('Button refuses the order as it is. Button says: 400');
    expect(telling.refusal).toEqual({
      code: 'refused_by_button',
      problem: 'Button refuses the order as it is. Button says: 400 bad total',
      fix: 'Correct the order and replay the entry, or send a newer version',
    });
  });

  it('says that Button held the version already, and under which id if known', async () => {
    const nameless = await talk(claimed(inDoubt), { get: found(held) });

    expect(nameless.result).toEqual({ result: 'done', acceptedOnly: false, sent: false });
  });

  it('returns how long Button asks to wait, whatever the operation (B2)', async () => {
    const busy = { answer: 'try-again', reason: 'http_429', afterMs: 12_000 } as const;
    const unread = { answer: 'unanswered', isRefused: false, reason: 'http_429', afterMs: 9000 } as const;

    const ends = [
      await talk(claimed({}), { create: busy }),
      await talk(claimed(inDoubt), { get: unread }),
      await talk(claimed(inDoubt), { get: missing, getByToken: unread }),
    ];

    expect(ends.map(({ result }) => 'afterMs' in result && result.afterMs)).toEqual([12_000, 9000, 9000]);
    expect(ends.map(({ result }) => 'blamesOrder' in result)).toEqual([false, false, false]);
  });

  it('does not repeat a call after a 401, which is only about the key (B4)', async () => {
    const { asked, result } = await talk(claimed({}), { create: { answer: 'unauthorized' } });

    expect([asked, result]).toEqual([['create'], { result: 'try-again', reason: 'unauthorized' }]);
  });
});

describe('an order in doubt', () => {
  it('is not sent if Button holds it as deleted, or already holds the version (A20)', async () => {
    const deleted = await talk(claimed(inDoubt), { get: found({ ...held, status: 'deleted' }) });
    const same = await talk(claimed(inDoubt), { get: found({ ...held, button_order_id: 'btnorder-1' }) });
    const other = await talk(claimed(inDoubt), { get: found({ ...held, total: 1 }), update: done });

    expect(deleted).toMatchObject({ asked: ['get'], result: { reason: 'deleted_at_button' } });
    expect(same).toMatchObject({
      asked: ['get'],
      result: { result: 'done', sent: false, buttonOrderId: 'btnorder-1' },
    });
    expect(other).toMatchObject({ asked: ['get', 'update'], result: { result: 'done', sent: true } });
  });

  it('waits if it cannot be read', async () => {
    const unread = await talk(claimed(inDoubt), { get: down });

    expect(unread).toMatchObject({
      asked: ['get'],
      result: { result: 'try-again', reason: 'http_503', blamesOrder: true },
    });
    expect(unread.result).not.toHaveProperty('isLookUp');
  });

  it('is looked up by its token if its id finds nothing, and that answer counts (A22, B1)', async () => {
    const get = missing;

    const there = await talk(claimed(inDoubt), { get, getByToken: found(held) });
    const absent = await talk(claimed(inDoubt), { get, getByToken: missing, create: done });
    const unread = await talk(claimed(inDoubt), { get, getByToken: down });

    expect(there).toMatchObject({ asked: ['get', 'getByToken'], result: { result: 'done', sent: false } });
    expect(absent).toMatchObject({ asked: ['get', 'getByToken', 'create'], result: isCreated });
    expect(unread.asked).toEqual(['get', 'getByToken']);
    expect(unread.result).toEqual({ result: 'try-again', reason: 'http_503', isLookUp: true });
  });

  it('is read by Button’s id first, if that is known: the brand’s id may also be another shop’s', async () => {
    const entry = claimed({ ...inDoubt, kind: 'updated', reported: { buttonOrderId: 'btnorder-1' } });

    const own = await talk(entry, { get: found(held), update: done });
    const brands = await talk(entry, { get: [missing, found(held)], update: done });

    const idsAsked = ({ calls }: { calls: unknown[][] }) => calls.map(([operation, id]) => [operation, id]);
    expect(idsAsked(own)).toEqual([
      ['get', 'btnorder-1'],
      ['update', 'btnorder-1'],
    ]);
    expect(idsAsked(brands)).toEqual([
      ['get', 'btnorder-1'],
      ['get', order.order_id],
      ['update', order.order_id],
    ]);
  });

  it('is updated by the id of Button’s that a read has shown, if updates do not accept the brand’s id', async () => {
    const entry = claimed({ kind: 'updated', reported: { acceptedOnly: true }, ...inDoubt });
    const get = found({ ...held, button_order_id: 'btnorder-1', total: 1 });

    const { calls, result } = await talk(entry, { get, update: [missing, done] });

    expect(calls.map(([operation, id]) => [operation, id])).toEqual([
      ['get', order.order_id],
      ['update', order.order_id],
      ['update', 'btnorder-1'],
    ]);
    expect(result).toMatchObject({ result: 'done', buttonOrderId: 'btnorder-1' });
  });

  it('is not updated by the id of another shop’s order, which the brand’s id has shown (requirement 7)', async () => {
    const entry = claimed({ kind: 'updated', reported: {}, ...inDoubt });
    const theirs = { ...held, btn_ref: 'srctok-another', button_order_id: 'btnorder-9' };
    const ours = { ...held, btn_ref: token, button_order_id: 'btnorder-1' };

    const { calls, result } = await talk(entry, {
      get: found(theirs),
      getByToken: found(ours),
      update: [missing, done],
    });

    expect(calls.flatMap(([operation, id]) => (operation === 'update' ? [id] : []))).toEqual([
      order.order_id,
      'btnorder-1',
    ]);
    expect(result).toMatchObject({ result: 'done', buttonOrderId: 'btnorder-1' });
  });

  it('is updated before it is created again if Button has not taken its token: no list shows it then', async () => {
    const entry = claimed({ ...inDoubt, more: { warnings: ['btn_ref_not_taken'] } });
    const { asked } = await talk(entry, { get: missing, getByToken: missing, update: done });

    expect(asked).toEqual(['get', 'getByToken', 'update']);
  });

  it('is updated before it is created again if a 404 may be about the look-up by its token (requirement 3)', async () => {
    const answers = { get: missing, getByToken: { answer: 'not-found', mayBeRefused: true } } as const;

    const known = await talk(claimed(inDoubt), { ...answers, update: done });
    const unknown = await talk(claimed(inDoubt), { ...answers, update: missing, create: done });

    expect(known).toMatchObject({ asked: ['get', 'getByToken', 'update'], result: isDone });
    expect(unknown.asked).toEqual(['get', 'getByToken', 'update', 'create']);
  });

  it('is updated before it is created again if no token can show that it is missing', async () => {
    const known = await talk(tokenless(inDoubt), { get: missing, update: done });
    const unknown = await talk(tokenless(inDoubt), { get: missing, update: missing, create: done });
    const refused = await talk(tokenless(inDoubt), { get: missing, update: refusal, create: done });
    const unclear = await talk(tokenless(inDoubt), {
      get: missing,
      update: { answer: 'unclear', reason: 'timeout' },
    });

    expect(known).toMatchObject({ asked: ['get', 'update'], result: isDone });
    expect(unknown).toMatchObject({ asked: ['get', 'update', 'create'], result: { created: true } });
    expect(refused.asked).toEqual(['get', 'update', 'create']);
    expect(unclear).toMatchObject({ asked: ['get', 'update'], result: { result: 'unclear' } });
  });

  it('is updated if Button has acknowledged it and shows it nowhere: only then it is unknown', async () => {
    const known = claimed({ ...inDoubt, kind: 'updated', reported: {} });
    const nowhere = { get: missing, getByToken: missing };

    const taken = await talk(known, { ...nowhere, update: done });
    const gone = await talk(known, { ...nowhere, update: missing });

    expect(taken).toMatchObject({ asked: ['get', 'getByToken', 'update'], result: isDone });
    expect(gone).toMatchObject({ result: { reason: 'unknown_to_button' } });
  });

  it.each([
    ['48 of its look-ups by token were not answered', down, 48],
    ['6 of them were refused', { ...down, isRefused: true, reason: 'look_up_http_401' }, 6],
  ] as const)(
    'is read by its ids alone when %s, but a look-up that is answered still counts',
    async (_what, unanswered, most) => {
      const tried = (failedLookUps: number) => claimed({ ...inDoubt, more: { failedLookUps } });
      const answers = { get: missing, getByToken: unanswered, update: missing, create: done };

      const before = await talk(tried(most - 1), answers);
      const after = await talk(tried(most), answers);
      const answered = await talk(tried(most), { ...answers, getByToken: found(held) });

      expect(before.asked).toEqual(['get', 'getByToken']);
      expect(after.asked).toEqual(['get', 'getByToken', 'update', 'create']);
      expect(answered.asked).toEqual(['get', 'getByToken']);
    },
  );
});

describe('the token (requirement 1)', () => {
  const late = { more: { tokenDue: true } } as const;

  it('goes with every create, whatever the version carries', async () => {
    const other = { ...order, btn_ref: 'srctok-other' };

    const created = await talk(claimed({ content: other }), { create: done });
    const organic = await talk(tokenless({}), { create: done });

    expect(created.calls).toEqual([['create', { ...order, btn_ref: token }]]);
    expect(organic.calls).toEqual([['create', order]]);
    expect(organic.result).toEqual({ ...isDone, created: true });
  });

  it('goes with an update only if Button may hold the order without it', async () => {
    const reported = { kind: 'updated', reported: {} } as const;

    const due = await talk(claimed({ ...reported, ...late }), { update: done });
    const known = await talk(claimed(reported), { update: done });

    expect(due.calls).toEqual([['update', order.order_id, order, token]]);
    expect(due.result).toEqual({ ...isDone, token: 'taken' });
    expect(known.calls).toEqual([['update', order.order_id, order, undefined]]);
  });

  it('is left out if Button refuses the update because of it, so that the order is right in any case', async () => {
    const entry = claimed({ kind: 'updated', reported: {}, ...late });

    for (const refused of [refusal, forbidden]) {
      const { calls, result } = await talk(entry, { update: [refused, done] });
      expect(calls.map((call) => call.at(-1))).toEqual([token, undefined]);
      expect(result).toEqual({ ...isDone, token: 'refused' });
    }
    expect((await talk(entry, { update: [refusal, refusal] })).result).toMatchObject({ result: 'refused' });
  });

  it('is no longer due once a read has shown it, even if the update that follows leaves it out', async () => {
    const shown = found({ ...held, btn_ref: token });
    const { calls, result } = await talk(
      claimed({ kind: 'updated', reported: {}, ...inDoubt, more: { tokenDue: true } }),
      { get: shown, update: done },
    );

    expect(calls.at(-1)).toEqual(['update', order.order_id, order, undefined]);
    expect(result).toEqual({ ...isDone, token: 'taken' });
  });

  it('is neither accepted nor refused by an update that did not bring it', async () => {
    const update = { ...done, shownToken: token };

    const nameless = await talk(tokenless({ kind: 'updated', reported: {} }), { update: done });
    const known = await talk(claimed({ kind: 'updated', reported: {} }), { update });

    expect([nameless.result, known.result]).toEqual([isDone, isDone]);
  });

  it('was the only doubt: a finalized order that shows it needs no call and no operator (B8)', async () => {
    const entry = claimed({ kind: 'updated', reported: { hash: 'h-2' }, ...inDoubt, ...late });
    const finalized: OrderAtButton = { ...held, status: 'finalized' };

    const shown = await talk(entry, { get: found({ ...finalized, btn_ref: token }) });
    const absent = await talk(entry, {
      get: found({ ...finalized, btn_ref: null }),
      update: [forbidden, forbidden],
    });

    expect(shown.asked).toEqual(['get']);
    expect(shown.result).toMatchObject({ result: 'done', sent: false, token: 'taken' });
    expect(absent.result).toMatchObject({ result: 'refused', reason: 'too_late' });
  });

  it('is compared with the order that Button shows before an order in doubt is trusted', async () => {
    const shows = async (entry: LedgerEntry, btn_ref?: string | null) =>
      talk(entry, { get: found({ ...held, ...(btn_ref !== undefined && { btn_ref }) }), update: done });

    expect((await shows(claimed({ ...inDoubt, ...late }), token)).result).toMatchObject({
      token: 'taken',
      sent: false,
    });
    expect((await shows(claimed({ ...inDoubt, ...late }))).result).toMatchObject({
      token: 'taken',
      sent: true,
    });
    expect((await shows(claimed(inDoubt), null)).result).toMatchObject({ token: 'taken', sent: true });
    expect((await shows(claimed(inDoubt))).result).toMatchObject({ sent: false });
  });
});

describe('an order that Button has acknowledged with its own id (requirement 7)', () => {
  it('is updated and cancelled by that id: the brand’s id may find another shop’s order', async () => {
    const reported = { buttonOrderId: 'btnorder-1' };

    const updated = await talk(claimed({ kind: 'updated', reported }), { update: done });
    const cancelled = await talk(claimed({ kind: 'cancelled', reported }), { cancel: done });

    expect([updated.calls, cancelled.calls].map(([call]) => call?.[1])).toEqual(['btnorder-1', 'btnorder-1']);
  });
});

it('an update that brings the token is not shown to be this order’s by that token: the id is taken (requirement 7)', async () => {
  const entry = claimed({
    kind: 'updated',
    reported: { buttonOrderId: 'btnorder-1' },
    more: { tokenDue: true },
  });
  const theirs = (shownToken: string): OrderApiAnswer => ({
    ...done,
    buttonOrderId: 'btnorder-9',
    shownToken,
  });
  const { result } = await talk(entry, { update: [refusal, theirs(token)], get: missing });

  expect(result).toEqual({ result: 'refused', reason: 'order_id_taken' });
});

it('an update by Button’s id is done, whatever id the answer shows: Button’s ids lead to no other order', async () => {
  const entry = claimed({ kind: 'updated', reported: { buttonOrderId: 'btnorder-1' } });

  const { asked, result } = await talk(entry, { update: { ...done, buttonOrderId: 'btnorder-other' } });

  expect([asked, result.result]).toEqual([['update'], 'done']);
});

it('an order that a read by Button’s id shows is this one, whatever id it shows', async () => {
  const entry = claimed({ ...inDoubt, kind: 'updated', reported: { buttonOrderId: 'btnorder-1' } });

  const { calls } = await talk(entry, {
    get: [found({ ...held, button_order_id: 'btnorder-other' }), missing],
    update: done,
  });

  expect(calls.map(([operation, id]) => [operation, id])).toEqual([
    ['get', 'btnorder-1'],
    ['update', 'btnorder-1'],
  ]);
});

describe('a 404 to an update (requirement 3)', () => {
  it('is followed by a read and a call with the brand’s id, or, if Button’s id is not known, with the id that the token finds', async () => {
    const byId = await talk(claimed({ kind: 'updated', reported: { buttonOrderId: 'btnorder-1' } }), {
      update: [missing, done],
      get: found({ ...held, button_order_id: 'btnorder-1' }),
    });
    const byToken = await talk(claimed({ kind: 'updated', reported: {} }), {
      update: [missing, done],
      getByToken: found({ ...held, button_order_id: 'btnorder-2' }),
    });

    expect(byId.calls.map(([operation, id]) => [operation, id])).toEqual([
      ['update', 'btnorder-1'],
      ['get', order.order_id],
      ['update', order.order_id],
    ]);
    expect(byToken.calls.map(([operation, id]) => [operation, id])).toEqual([
      ['update', order.order_id],
      ['getByToken', order.order_id],
      ['update', 'btnorder-2'],
    ]);
    expect(byId.result).toEqual(isDone);
    expect(byToken.result).toEqual({ ...isDone, buttonOrderId: 'btnorder-2' });
  });

  it('waits for a read by the brand’s id, but not for one that Button never answers, or refuses for good', async () => {
    const asked = async (more: Partial<LedgerEntry>, get: OrderApiAnswer) => {
      const entry = claimed({ kind: 'updated', reported: { buttonOrderId: 'btnorder-1' }, more });
      return (await talk(entry, { update: [missing, done], get })).asked;
    };
    const isRefused = { ...down, isRefused: true };

    expect(await asked({ attempts: 9 }, down)).toEqual(['update', 'get']);
    expect(await asked({ attempts: 10 }, down)).toEqual(['update', 'get', 'update']);
    expect(await asked({ attempts: 9, failedLookUps: 5 }, isRefused)).toEqual(['update', 'get']);
    expect(await asked({ attempts: 10, failedLookUps: 5 }, isRefused)).toEqual(['update', 'get', 'update']);
    expect(await asked({ failedLookUps: 6 }, isRefused)).toEqual(['update', 'get', 'update']);
  });

  it('is not made final by a refusal of the brand’s id, unless Button’s last answer is hours old', async () => {
    const ends = async (hoursAgo: number) => {
      const at = new Date(now.getTime() - hoursAgo * 3_600_000).toISOString();
      const entry = claimed({ kind: 'updated', reported: { buttonOrderId: 'btnorder-1', at } });
      return (await talk(entry, { update: [missing, refusal], get: missing, getByToken: missing })).result;
    };

    expect(await ends(1)).toEqual({ result: 'try-again', reason: 'not_found' });
    expect(await ends(3)).toEqual({ result: 'refused', reason: 'refused_by_button' });
  });

  it('is followed by a call with the id that a read has just shown, before any other, and by no id twice', async () => {
    const renamed = claimed({ kind: 'updated', reported: { buttonOrderId: 'btnorder-1' }, ...inDoubt });
    const { calls } = await talk(renamed, { get: [missing, found(held)], update: missing });
    const same = await talk(claimed({ kind: 'updated', reported: {} }), {
      update: missing,
      getByToken: found(held),
    });

    const ids = (all: unknown[][]) => all.filter(([operation]) => operation === 'update').map(([, id]) => id);
    expect(ids(calls)).toEqual([order.order_id, 'btnorder-1']);
    expect(ids(same.calls)).toEqual([order.order_id]);
    expect(same.result).toEqual({ result: 'refused', reason: 'unknown_to_button' });
  });

  it('is not followed by a call to an order that the list of the token shows with another token (requirement 7)', async () => {
    const theirs = found({ ...held, btn_ref: 'srctok-another', button_order_id: 'btnorder-2' });
    const nowhere = {
      get: found({ ...held, total: 1, btn_ref: token }),
      update: missing,
      getByToken: theirs,
    };

    const { asked } = await talk(claimed(inDoubt), nowhere);

    expect(asked).toEqual(['get', 'update', 'getByToken']);
  });

  it('says nothing as long as the look-up by the token is not answered', async () => {
    const entry = claimed({ kind: 'updated', reported: {} });

    const { result } = await talk(entry, { update: missing, getByToken: down });

    expect(result).toMatchObject({ result: 'try-again', isLookUp: true });
  });

  it('is not final for two hours if Button accepted the order and does not show it', async () => {
    const at = (minutesAgo: number) => new Date(now.getTime() - minutesAgo * 60_000).toISOString();
    const end = async (reported: Partial<ReportedVersion>) =>
      (await talk(claimed({ kind: 'updated', reported }), { update: missing, getByToken: missing })).result;

    expect(await end({ at: at(119) })).toEqual({ result: 'try-again', reason: 'not_found' });
    expect(await end({ at: at(120) })).toEqual({ result: 'refused', reason: 'unknown_to_button' });
  });
});

describe('a cancellation that Button does not find (requirement 2)', () => {
  const cancelled = (failedLookUps: number) =>
    claimed({ kind: 'cancelled', reported: {}, ...inDoubt, more: { failedLookUps } });
  const unlisted = { cancel: missing, get: missing };

  it.each<[string, OrderApiAnswer, number]>([
    ['is not answered for a day', down, 48],
    ['is refused for half an hour', { ...down, isRefused: true }, 6],
  ])('is quarantined, and not settled, if the look-up by its token %s', async (_what, getByToken, failed) => {
    for (const cancel of [missing, { answer: 'unconfirmed' } as const]) {
      const { result } = await talk(cancelled(failed), { ...unlisted, cancel, getByToken });

      expect(result).toEqual({ result: 'refused', reason: 'cancellation_unconfirmed' });
    }
  });

  it('is settled if Button has answered every read', async () => {
    const byToken = await talk(cancelled(48), { ...unlisted, getByToken: missing });
    const shown = await talk(cancelled(48), {
      ...unlisted,
      get: found({ ...held, status: 'deleted' }),
      getByToken: down,
    });
    const { asked, result } = await talk(tokenless({ kind: 'cancelled', reported: {} }), unlisted);

    expect([byToken.result, shown.result]).toMatchObject([{ result: 'done' }, { result: 'done' }]);
    expect([asked, result]).toMatchObject([['cancel', 'get'], { result: 'done' }]);
  });
});

describe('a token that an update brings late (requirement 1)', () => {
  const due = claimed({ kind: 'updated', reported: {}, more: { tokenDue: true } });

  it.each<[string, OrderApiAnswer, string]>([
    ['does not show the token', done, 'taken'],
    ['shows the token', { ...done, shownToken: token }, 'taken'],
    ['shows an order without a token', { ...done, shownToken: null }, 'refused'],
    ['shows another', { ...done, shownToken: 'srctok-another' }, 'refused'],
  ])('follows Button’s answer: it %s', async (_what, update, expected) => {
    const { asked, result } = await talk(due, { update });

    expect([asked, result]).toMatchObject([['update'], { result: 'done', token: expected }]);
  });
});

describe('a late token that makes Button fail in an update (requirements 1 and 5)', () => {
  const failed = (count: number, reported: Partial<ReportedVersion> = {}) =>
    claimed({
      kind: 'updated',
      reported,
      more: { tokenDue: true, failures: { count, since: now.toISOString(), last: [] } },
    });

  it('is left out of every other update from the sixth try on, so that the total is right in any case', async () => {
    const tokens = [];
    for (const count of [0, 1, 4, 5, 6, 7]) {
      const { calls } = await talk(failed(count), { update: done });
      tokens.push(calls[0]?.at(-1));
    }

    expect(tokens).toEqual([token, token, token, undefined, token, undefined]);
  });

  it('stays due if it was left out', async () => {
    expect((await talk(failed(5), { update: done })).result).toEqual(isDone);
  });

  it('is never left out if it is all that Button lacks', async () => {
    const { calls } = await talk(failed(5, { hash: 'h-2' }), { update: done });

    expect(calls[0]?.at(-1)).toBe(token);
  });
});

describe('an order in doubt that no read shows (requirement 3)', () => {
  it('is created where Button answers the update that looks for it with a 403 that nothing explains', async () => {
    const { asked, result } = await talk(tokenless({ ...inDoubt, kind: 'updated' }), {
      get: missing,
      update: forbidden,
      create: done,
    });

    expect(asked).toEqual(['get', 'update', 'get', 'create']);
    expect(result).toEqual({ ...isDone, created: true });
  });

  it('is looked up by its token once, also where Button has acknowledged it before', async () => {
    const { asked, result } = await talk(claimed({ ...inDoubt, kind: 'updated', reported: {} }), {
      get: missing,
      getByToken: missing,
      update: missing,
    });

    expect(asked).toEqual(['get', 'getByToken', 'update']);
    expect(result).toEqual({ result: 'refused', reason: 'unknown_to_button' });
  });
});

it('an order in doubt that no read shows is created if an update by its id reaches another shop’s order: no id of that is kept (requirement 7)', async () => {
  const { asked, result } = await talk(claimed(inDoubt), {
    get: missing,
    getByToken: { answer: 'not-found', mayBeRefused: true },
    update: { ...done, buttonOrderId: 'btnorder-2', shownToken: 'srctok-another' },
    create: { ...done, buttonOrderId: 'btnorder-1', shownToken: token },
  });

  expect(asked).toEqual(['get', 'getByToken', 'update', 'create']);
  expect(result).toMatchObject({ result: 'done', created: true, buttonOrderId: 'btnorder-1' });
});

describe('a token that became known after an unclear create (requirements 1 and 3)', () => {
  it('proves nothing if a look-up finds no order: the order is updated, and created only if that fails', async () => {
    const entry = claimed({ ...inDoubt, kind: 'updated', more: { tokenDue: true } });
    const unlisted = { get: missing, getByToken: missing };

    const there = await talk(entry, { ...unlisted, update: done });
    const gone = await talk(entry, { ...unlisted, update: missing, create: done });

    expect(there.asked).toEqual(['get', 'getByToken', 'update']);
    expect(there.calls.at(-1)).toEqual(['update', order.order_id, order, token]);
    expect(gone.asked).toEqual(['get', 'getByToken', 'update', 'create']);
  });
});

describe('a 403 means what the read after it shows (requirement 4)', () => {
  it.each<[string, OrderApiAnswer, object]>([
    [
      'finalized: it is too late (B8)',
      found({ ...held, status: 'finalized' }),
      { result: 'refused', reason: 'too_late' },
    ],
    ['open: the order stays due', found({ status: 'open' }), waitsForbidden],
    ['an order without a status: it stays due', found({}), waitsForbidden],
    ['no order: it stays due', missing, waitsForbidden],
    [
      'a refused key: the key is refused (B4)',
      { answer: 'unauthorized' },
      { result: 'try-again', reason: 'unauthorized' },
    ],
  ])('%s', async (_what, get, result) => {
    const answers = { get, getByToken: missing };
    const created = await talk(claimed({}), { ...answers, create: forbidden });
    const updated = await talk(claimed({ kind: 'updated', reported: {} }), { ...answers, update: forbidden });
    const cancelled = await talk(claimed({ kind: 'cancelled', reported: {} }), {
      ...answers,
      cancel: forbidden,
    });

    expect([created.result, updated.result, cancelled.result]).toEqual([result, result, result]);
  });

  it.each<[string, OrderApiAnswer, CallEnd['result']]>([
    [
      'the key is refused',
      { answer: 'try-again', reason: 'unauthorized' },
      { result: 'try-again', reason: 'unauthorized' },
    ],
    [
      'Button asks to wait',
      { answer: 'try-again', reason: 'http_429', afterMs: 3000 },
      { result: 'try-again', reason: 'http_429', afterMs: 3000 },
    ],
    [
      'the read was not carried out',
      { answer: 'try-again', reason: 'econnrefused' },
      { result: 'unclear', reason: 'econnrefused' },
    ],
    [
      'the read was not answered',
      { answer: 'unclear', reason: 'timeout' },
      { result: 'unclear', reason: 'timeout' },
    ],
  ])('nothing yet if %s', async (_what, get, result) => {
    const entry = claimed({ kind: 'updated', reported: {} });

    expect((await talk(entry, { update: forbidden, get })).result).toEqual(result);
  });

  it('finalized, whether or not a look-up by the token is answered', async () => {
    const entry = claimed({ kind: 'cancelled', reported: { buttonOrderId: 'btnorder-1' } });
    const finalized = found({ ...held, status: 'finalized' });

    const refused = await talk(entry, { cancel: forbidden, get: finalized, getByToken: down });
    const unknown = await talk(entry, { cancel: missing, get: [missing, finalized], getByToken: down });

    const tooLate = { result: 'refused', reason: 'too_late' };
    expect([refused.result, unknown.result]).toEqual([tooLate, tooLate]);
  });

  it('no order, although an earlier call may have cancelled it: it is cancelled, once Button’s last answer is not recent', async () => {
    const answers = { cancel: forbidden, get: missing, getByToken: missing };
    const cancelAgain = (reported: Partial<ReportedVersion>) =>
      talk(claimed({ kind: 'cancelled', reported, ...inDoubt }), answers);

    const ends = [
      await cancelAgain({ at: now.toISOString() }),
      await cancelAgain({}),
      await cancelAgain({ at: now.toISOString(), acceptedOnly: true }),
      await cancelAgain({ acceptedOnly: true }),
    ];

    const isCancelled = { result: 'done' };
    const waits = { result: 'try-again', reason: 'not_found' };
    expect(ends.map(({ result }) => result)).toMatchObject([waits, isCancelled, waits, isCancelled]);
  });

  it.each<[string, Answers]>([
    ['the read', { get: down }],
    ['the look-up by its token', { get: missing, getByToken: down }],
  ])(
    'nothing yet, because %s is not answered: only a cancellation is not in doubt',
    async (_what, answers) => {
      const end = async (kind: 'created' | 'updated' | 'cancelled', reported?: Partial<ReportedVersion>) => {
        const calls = { create: forbidden, update: forbidden, cancel: forbidden };
        return (await talk(claimed({ kind, ...(reported && { reported }) }), { ...answers, ...calls }))
          .result;
      };

      const isUnclear = { result: 'unclear', reason: 'http_503' };
      expect(await end('created')).toMatchObject(isUnclear);
      expect(await end('updated', {})).toMatchObject(isUnclear);
      expect(await end('cancelled', {})).toMatchObject({ result: 'try-again', reason: 'http_503' });
    },
  );

  it.each(['finalized', 'deleted'])(
    '%s, and not shown to be ours: the id is taken (requirement 7)',
    async (status) => {
      for (const shown of [{ status }, { ...held, purchase_date: '2020-01-01T00:00:00Z', status }]) {
        const answers = { create: forbidden, get: found(shown), getByToken: missing };
        const { result } = await talk(claimed({}), answers);

        expect(result).toEqual({ result: 'refused', reason: 'order_id_taken' });
      }
    },
  );

  it('open, by Button’s own id, although another shop’s order with the same id is finalized', async () => {
    const { calls, result } = await talk(
      claimed({ kind: 'updated', reported: { buttonOrderId: 'btnorder-1' } }),
      { update: forbidden, get: [found(held), found({ ...held, status: 'finalized' })] },
    );

    expect(calls.at(-1)).toEqual(['get', 'btnorder-1']);
    expect(result).toEqual(waitsForbidden);
  });

  it('cancelled, if an earlier call may have cancelled it and Button shows it nowhere (B7)', async () => {
    const refused = { ...down, isRefused: true };
    const answers = { cancel: forbidden, get: missing };
    const more = { failedLookUps: 6 };
    const cancels = (doubt?: Doubt) =>
      claimed({ kind: 'cancelled', reported: {}, more, ...(doubt && { doubt }) });
    const uncertain = cancels({ kind: 'unclear', hash: 'h-2' });

    const gone = await talk(uncertain, { ...answers, getByToken: missing });
    const unread = await talk(uncertain, { ...answers, getByToken: refused });
    const never = await talk(cancels(), { ...answers, getByToken: missing });
    const open = await talk(uncertain, { ...answers, get: found(held), getByToken: missing });

    expect(gone.result).toEqual(isDone);
    expect(unread.result).toEqual({ result: 'refused', reason: 'cancellation_unconfirmed' });
    expect(never.result).toEqual(waitsForbidden);
    expect(open.result).toEqual(waitsForbidden);
  });

  it('deleted: a separate reason, and for a cancellation all there is to do (B7)', async () => {
    const answers = { get: found({ status: 'deleted' }), getByToken: missing };
    const updated = await talk(claimed({ kind: 'updated', reported: {} }), { ...answers, update: forbidden });
    const cancelled = await talk(claimed({ kind: 'cancelled', reported: {} }), {
      ...answers,
      cancel: forbidden,
    });

    expect(updated.result).toEqual({ result: 'refused', reason: 'deleted_at_button' });
    expect(cancelled.result).toEqual(isDone);
  });
});

describe('a cancellation that Button answers with 404, 410 or not at all (requirement 2)', () => {
  const at = (minutesAgo: number) => new Date(now.getTime() - minutesAgo * 60_000).toISOString();
  const known = claimed({ kind: 'cancelled', reported: { buttonOrderId: 'btnorder-1' } });

  it.each<[string, OrderApiAnswer]>([
    ['404 or 410', missing],
    ['204', { answer: 'unconfirmed' }],
  ])('is done when every possible read shows no open order: %s', async (_what, cancel) => {
    const gone = await talk(known, { cancel, get: missing, getByToken: missing });
    const deleted = await talk(known, {
      cancel,
      get: found({ status: 'deleted' }),
      getByToken: found({ status: 'deleted' }),
    });

    expect(gone.asked.slice(-3)).toEqual(['get', 'get', 'getByToken']);
    expect([gone.result, deleted.result]).toEqual([isDone, isDone]);
  });

  it.each<[string, Answers]>([
    ['by the brand’s id', { get: [down] }],
    ['by Button’s id', { get: [missing, down] }],
    ['by the token', { get: missing, getByToken: down }],
  ])('is not settled while Button has not answered the read %s', async (_what, answers) => {
    const { result } = await talk(known, { cancel: missing, ...answers });

    expect(result).toMatchObject({ result: 'try-again', reason: 'http_503' });
  });

  it('is in doubt after a 204 that no read confirms: Button may have carried it out', async () => {
    const { result } = await talk(known, { cancel: { answer: 'unconfirmed' }, get: down });

    expect(result).toMatchObject({ result: 'unclear', reason: 'http_503' });
  });

  it('is in doubt after a 204 while Button refuses to read one of the ids, unless the list of its token shows that it is gone', async () => {
    const readRefused = { ...down, isRefused: true, reason: 'http_400' } as const;
    const cancel = { answer: 'unconfirmed' } as const;
    const asks = async (
      more: Partial<LedgerEntry>,
      getByToken: OrderApiAnswer = missing,
      get = [missing, readRefused],
    ) => (await talk({ ...known, ...more }, { cancel, get, getByToken })).result;
    const late = { tokenDue: true, sent: { purchase_date, currency } } as const;
    const unlisted: OrderApiAnswer = { answer: 'not-found', mayBeRefused: true };
    const isUnconfirmed = { result: 'refused', reason: 'cancellation_unconfirmed' };

    expect(await asks({})).toEqual(isDone);
    expect(await asks({ failedLookUps: 5 }, unlisted)).toMatchObject({
      result: 'unclear',
      reason: 'http_400',
    });
    expect(await asks({ failedLookUps: 6 }, unlisted)).toEqual(isDone);
    expect(await asks({ ...late, failedLookUps: 5 })).toMatchObject({ result: 'unclear' });
    expect(await asks({ ...late, failedLookUps: 6 })).toEqual(isDone);
    expect(await asks({ failedLookUps: 6 }, unlisted, [readRefused])).toEqual(isUnconfirmed);
  });

  it('is not settled by a 404 for Button’s id, while the brand’s id leads to another shop’s order', async () => {
    const theirs = found({ ...held, button_order_id: 'btnorder-9', btn_ref: 'srctok-another' });
    const entry = tokenless({ kind: 'cancelled', reported: { buttonOrderId: 'btnorder-1' } });
    const { result } = await talk(entry, { cancel: missing, get: [theirs, missing, theirs] });

    expect(result).toEqual({ result: 'refused', reason: 'cancellation_unconfirmed' });
  });

  it.each([
    ['is unconfirmed if a read has shown the order without its token, because no list', null],
    ['is done if a read has shown the order with its token, because the list', token],
  ])('%s would show it', async (_end, btn_ref) => {
    const entry = claimed({
      kind: 'cancelled',
      reported: { acceptedOnly: true },
      more: { failedLookUps: 6 },
    });
    const newest = { ...entry.newest, cancels: { purchase_date, currency } };
    const readRefused = { ...down, isRefused: true, reason: 'http_400' } as const;
    const { result } = await talk(
      { ...entry, newest },
      {
        cancel: { answer: 'unconfirmed' },
        get: [found({ ...held, btn_ref }), readRefused],
        getByToken: missing,
      },
    );

    expect(result).toMatchObject(btn_ref === null ? { reason: 'cancellation_unconfirmed' } : isDone);
  });

  it('is not settled by a read that shows another shop’s order, while Button refuses to read its own id', async () => {
    const theirs = found({ ...held, button_order_id: 'btnorder-9', btn_ref: 'srctok-another' });
    const readRefused = { ...down, isRefused: true, reason: 'http_400' } as const;
    const entry = tokenless({
      kind: 'cancelled',
      reported: { buttonOrderId: 'btnorder-1' },
      more: { failedLookUps: 6 },
    });
    const { result } = await talk(entry, { cancel: missing, get: [theirs, readRefused, theirs] });

    expect(result).toEqual({ result: 'refused', reason: 'cancellation_unconfirmed' });
  });

  it.each<[string, OrderApiAnswer, object]>([
    [
      'Button asks to wait',
      { answer: 'unanswered', isRefused: false, reason: 'http_429', afterMs: 9000 },
      { reason: 'http_429', afterMs: 9000 },
    ],
    ['Button refuses the key', { answer: 'unauthorized' }, { reason: 'unauthorized' }],
    [
      'the read never left',
      { answer: 'unanswered', isRefused: false, reason: 'econnrefused' },
      { reason: 'econnrefused' },
    ],
  ])('stays in doubt after a 204 if the read after it fails because %s', async (_why, get, why) => {
    const { result } = await talk(known, { cancel: { answer: 'unconfirmed' }, get });

    expect(result).toEqual({ result: 'unclear', ...why });
  });

  it('continues with the id under which the order is open', async () => {
    const nameless = claimed({ kind: 'cancelled', reported: {} });
    const open = found({ status: 'open', button_order_id: 'btnorder-7' });

    const byToken = await talk(nameless, { cancel: [missing, done], get: missing, getByToken: open });
    const stillOpen = await talk(known, {
      cancel: missing,
      get: found({ status: 'open', button_order_id: 'btnorder-1' }),
      getByToken: missing,
    });

    expect(byToken.calls.filter(([operation]) => operation === 'cancel').map(([, id]) => id)).toEqual([
      order.order_id,
      'btnorder-7',
    ]);
    expect(byToken.result).toEqual({ ...isDone, buttonOrderId: 'btnorder-7' });
    expect(stillOpen.result).toEqual({ result: 'unclear', reason: 'still_open' });
  });

  it('continues with the order that shows its token, where the brand’s id shows another (requirement 7)', async () => {
    const theirs = { ...held, btn_ref: 'srctok-another', button_order_id: 'btnorder-2' };
    const ours = { ...held, btn_ref: token, button_order_id: 'btnorder-1' };
    for (const status of ['open', 'finalized']) {
      const { calls, result } = await talk(claimed({ kind: 'cancelled', reported: {} }), {
        cancel: [missing, done],
        get: found({ ...theirs, status }),
        getByToken: found(ours),
      });

      expect(calls.at(-1)).toEqual(['cancel', 'btnorder-1']);
      expect(result).toEqual({ ...isDone, buttonOrderId: 'btnorder-1' });
    }
  });

  it('is too late if a read shows the order as finalized (B8)', async () => {
    const { result } = await talk(known, {
      cancel: missing,
      get: found({ status: 'finalized' }),
      getByToken: missing,
    });

    expect(result).toEqual({ result: 'refused', reason: 'too_late' });
  });

  it('looks the order up by a token that came later, and cancels it if it is open (A20)', async () => {
    const late = claimed({ kind: 'cancelled', reported: { kind: 'cancelled' }, more: { tokenDue: true } });
    const shown = (status: 'open' | 'deleted' | 'finalized') =>
      found({ ...held, status, btn_ref: token, button_order_id: 'btnorder-7' });

    const open = await talk(late, { getByToken: shown('open'), cancel: done });
    const absent = await talk(late, { getByToken: missing });
    const deleted = await talk(late, { getByToken: shown('deleted') });
    const finalized = await talk(late, { getByToken: shown('finalized') });
    const unread = await talk(late, { getByToken: down });

    expect(open.calls.map(([operation]) => operation)).toEqual(['getByToken', 'cancel']);
    expect(open.calls.at(-1)).toEqual(['cancel', 'btnorder-7']);
    expect(open.result).toEqual({ ...isDone, buttonOrderId: 'btnorder-7' });
    expect([absent.result, deleted.result]).toEqual([isDone, isDone]);
    expect([absent.asked, deleted.asked]).toEqual([['getByToken'], ['getByToken']]);
    expect(finalized.result).toEqual({ result: 'refused', reason: 'too_late' });
    expect(unread.result).toMatchObject({ result: 'try-again', isLookUp: true });
  });

  it('is sent by the brand’s id only after a read, if a token that came later leads to an order without an id of Button’s', async () => {
    const reported = { kind: 'cancelled', buttonOrderId: 'btnorder-1' } as const;
    const entry = (failedLookUps: number) =>
      claimed({ kind: 'cancelled', reported, more: { tokenDue: true, failedLookUps } });
    const nameless = found({ ...held, btn_ref: token });
    const asks = async (get: OrderApiAnswer, failedLookUps = 0) => {
      const { calls, result } = await talk(entry(failedLookUps), { get, getByToken: nameless, cancel: done });
      return { ids: calls.flatMap(([call, id]) => (call === 'cancel' ? [id] : [])), result };
    };

    const theirs = await asks(found({ ...held, btn_ref: 'srctok-another' }));
    const isRefused = { answer: 'unanswered', isRefused: true, reason: 'http_400' } as const;
    const ours = [await asks(nameless), await asks(missing), await asks(isRefused, 6)];

    expect(theirs).toEqual({ ids: [], result: { result: 'refused', reason: 'order_id_taken' } });
    expect(ours.map(({ ids }) => ids)).toEqual(Array(3).fill([order.order_id]));
    for (const unread of [down, isRefused])
      expect(await asks(unread)).toMatchObject({ ids: [], result: { result: 'try-again' } });
  });

  it('is sent, whatever token came later, unless Button has surely carried it out', async () => {
    const tokenDue = { more: { tokenDue: true } } as const;

    const open = await talk(claimed({ kind: 'cancelled', reported: {}, ...tokenDue }), { cancel: done });
    const uncertain = await talk(
      claimed({ kind: 'cancelled', reported: { kind: 'cancelled' }, ...inDoubt, ...tokenDue }),
      { cancel: done },
    );

    expect([open.asked, uncertain.asked]).toEqual([['cancel'], ['cancel']]);
  });

  it('is sent by the id that a read shows, and by no id twice', async () => {
    const nameless = claimed({ kind: 'cancelled', reported: {} });
    const open = (button_order_id?: string) =>
      found({ ...held, ...(button_order_id && { button_order_id }) });

    const renamed = await talk(nameless, {
      cancel: [missing, done],
      get: open('btnorder-9'),
      getByToken: missing,
    });
    const same = await talk(nameless, { cancel: missing, get: open(), getByToken: missing });

    const ids = ({ calls }: typeof same) =>
      calls.filter(([operation]) => operation === 'cancel').map(([, id]) => id);
    expect(ids(renamed)).toEqual([order.order_id, 'btnorder-9']);
    expect(ids(same)).toEqual([order.order_id]);
    expect(same.result).toEqual({ result: 'unclear', reason: 'still_open' });
  });

  it('is done after a 204 if no read shows the order, once Button has had time to show it', async () => {
    const answers: Answers = { cancel: { answer: 'unconfirmed' }, get: missing, getByToken: missing };
    const cancel = async (minutes: number) =>
      (await talk(claimed({ kind: 'cancelled', ...inDoubt, reported: { at: at(minutes) } }), answers)).result;

    expect(await cancel(14)).toEqual({ result: 'unclear', reason: 'not_found' });
    expect(await cancel(15)).toEqual(isDone);
  });

  it('is done if Button acknowledged it once and refuses the look-up that would confirm it', async () => {
    const answers = {
      cancel: missing,
      get: missing,
      getByToken: { ...down, isRefused: true },
    } as const;
    const doubt = { kind: 'confirming', hash: 'h-2' } as const;
    const cancels = (kind: 'created' | 'cancelled') =>
      claimed({ kind: 'cancelled', doubt, reported: { kind }, more: { failedLookUps: 6 } });

    const once = await talk(cancels('cancelled'), answers);
    const never = await talk(cancels('created'), answers);

    expect(once.result).toEqual(isDone);
    expect(never.result).toEqual({ result: 'refused', reason: 'cancellation_unconfirmed' });
  });

  it('is sent by the brand’s id if Button’s id finds nothing, and settled by reads if no read had shown whose order that is', async () => {
    const cancel = [missing, done];
    const shown = await talk(known, { cancel, get: found(held) });
    const gone = await talk(known, { cancel, get: missing, getByToken: missing });
    const ours = found({ ...held, button_order_id: 'btnorder-1' });
    const another = await talk(known, { cancel, get: [missing, ours], getByToken: missing });

    const byEachId = [
      ['cancel', 'btnorder-1'],
      ['get', order.order_id],
      ['cancel', order.order_id],
    ];
    expect(shown.calls).toEqual(byEachId);
    expect(gone.calls.slice(0, 3)).toEqual(byEachId);
    expect([shown.result, gone.result]).toEqual([isDone, isDone]);
    expect(another.result).toMatchObject({ result: 'unclear', reason: 'still_open' });
  });

  it('waits two hours if Button accepted the order and does not show it, unless Button may have cancelled it (B7)', async () => {
    const nowhere = { cancel: missing, get: missing, getByToken: missing };
    const ends = async (reported: Partial<ReportedVersion>, doubt?: Doubt) =>
      (await talk(claimed({ kind: 'cancelled', reported, ...(doubt && { doubt }) }), nowhere)).result;
    const waits = { result: 'try-again', reason: 'not_found' };
    const aboutIt = { kind: 'unclear', hash: 'h-2' } as const;

    expect(await ends({ at: at(119) })).toEqual(waits);
    expect(await ends({ at: at(120) })).toEqual(isDone);
    // Button may have found nothing to cancel, because it did not see the order yet.
    expect(await ends({ at: at(14) }, aboutIt)).toEqual(waits);
    expect(await ends({ at: at(15) }, aboutIt)).toEqual(isDone);
    expect(await ends({ at: at(1) }, { ...aboutIt, hash: 'h-1' })).toEqual(waits);
    expect(await ends({ at: at(1), kind: 'cancelled' })).toEqual(isDone);
    expect(await ends({ at: at(119), acceptedOnly: true }, aboutIt)).toEqual(waits);
    expect(await ends({ at: at(120), acceptedOnly: true })).toEqual(isDone);
  });

  it('waits in doubt for an order that is only accepted, although Button answers 204', async () => {
    const accepted = claimed({ kind: 'cancelled', reported: { at: at(1), acceptedOnly: true } });

    const { result } = await talk(accepted, {
      cancel: { answer: 'unconfirmed' },
      get: missing,
      getByToken: missing,
    });

    expect(result).toEqual({ result: 'unclear', reason: 'not_found' });
  });
});

describe('a cancellation of an order that Button has not acknowledged, whose id may be another shop’s', () => {
  const cancels = { purchase_date: order.purchase_date, currency: order.currency };
  const unreported = (isIdTaken = false): LedgerEntry => {
    const entry = claimed({ kind: 'cancelled' });
    return {
      ...entry,
      newest: { ...entry.newest, cancels: { ...cancels, ...(isIdTaken && { isIdTaken }) } },
    };
  };
  const own = found({ ...held, btn_ref: token, button_order_id: 'btnorder-1' });
  const anothers = found({ ...held, btn_ref: 'srctok-another' });

  it('is sent only if a read shows this very order', async () => {
    const mine = await talk(unreported(), { get: own, getByToken: own, cancel: done });
    const theirs = await talk(unreported(), { get: anothers, getByToken: missing });
    const both = await talk(unreported(true), { get: anothers, getByToken: own, cancel: done });

    expect([mine.asked, mine.result]).toMatchObject([['get', 'cancel'], isDone]);
    expect([theirs.asked, theirs.result]).toEqual([
      ['get', 'getByToken'],
      { result: 'refused', reason: 'order_id_taken' },
    ]);
    expect(both.calls.at(-1)).toEqual(['cancel', 'btnorder-1']);
  });

  it('keeps Button’s id by which it was found, so that no other order is taken for it later', async () => {
    const mine = await talk(unreported(), { get: own, cancel: done });
    const both = await talk(unreported(), { get: anothers, getByToken: own, cancel: done });

    const has = { ...isDone, buttonOrderId: 'btnorder-1' };
    expect([mine.result, both.result]).toEqual([has, has]);
  });

  it('leaves another shop’s order alone, if a version is due after a cancellation that had found ours', async () => {
    const reported = { kind: 'cancelled' } as const;
    const waiting = claimed({ kind: 'updated', reported });
    const confirming = claimed({ kind: 'updated', doubt: { kind: 'confirming', hash: 'h-1' }, reported });

    for (const entry of [waiting, confirming]) {
      const { asked, result } = await talk(entry, { get: anothers, getByToken: missing, update: done });

      expect(asked).toEqual(['get', 'getByToken']);
      expect(result).toEqual({ result: 'refused', reason: 'order_id_taken' });
    }
  });

  it('touches no order under the id of another shop’s, even if our own is not found by its id', async () => {
    const ids = ({ calls }: Awaited<ReturnType<typeof talk>>) =>
      calls.filter(([operation]) => operation === 'cancel').map(([, id]) => id);

    const gone = await talk(unreported(), { get: anothers, getByToken: [own, missing], cancel: missing });
    const mine = await talk(unreported(), { get: own, getByToken: own, cancel: [missing, done] });

    expect([ids(gone), gone.result]).toEqual([['btnorder-1'], isDone]);
    expect([ids(mine), mine.result]).toMatchObject([[order.order_id, 'btnorder-1'], isDone]);
  });

  it('is not sent by an id that shows another shop’s order, although the token leads to ours without an id of Button’s', async () => {
    const nameless = found({ ...held, btn_ref: token });
    const shows = (get: OrderApiAnswer) => talk(unreported(), { get, getByToken: nameless, cancel: done });

    const [theirs, unproved] = [await shows(anothers), await shows(found({ status: 'open' }))];

    expect([theirs.asked, theirs.result]).toEqual([
      ['get', 'getByToken'],
      { result: 'refused', reason: 'order_id_taken' },
    ]);
    expect(unproved.asked).toEqual(['get', 'getByToken', 'cancel']);
  });

  it('is not sent if its token came later, alone or with the purchase, and leads nowhere: no create was sent', async () => {
    const entry = claimed({ kind: 'cancelled', ...inDoubt, more: { tokenDue: true } });

    for (const known of [{}, cancels]) {
      const tokenCameLater = { ...entry, newest: { ...entry.newest, cancels: known } };
      const cancel = (answers: Answers) => talk(tokenCameLater, { cancel: done, ...answers });

      const theirs = await cancel({ get: anothers, getByToken: missing });
      const none = await cancel({ get: missing, getByToken: missing });
      const mine = await cancel({ get: missing, getByToken: own });

      expect(theirs.result).toEqual({ result: 'refused', reason: 'order_id_taken' });
      expect([none.asked, none.result]).toEqual([['get', 'getByToken'], isDone]);
      expect(mine.calls.at(-1)).toEqual(['cancel', 'btnorder-1']);
    }
  });

  it('needs no call if the order is deleted, and is refused if a read does not show whose order it is', async () => {
    const deleted = found({ ...held, status: 'deleted', btn_ref: token });

    const gone = await talk(unreported(), { get: deleted, cancel: done });
    const unknown = await talk(unreported(), {
      get: found({ status: 'open' }),
      getByToken: missing,
      cancel: done,
    });

    expect([gone.asked, gone.result]).toEqual([['get'], isDone]);
    expect([unknown.asked, unknown.result]).toEqual([
      ['get', 'getByToken'],
      { result: 'refused', reason: 'order_id_taken' },
    ]);
  });

  it.each<[string, OrderApiAnswer, OrderApiAnswer, CallEnd['result']]>([
    ['done after a 204', { answer: 'unconfirmed' }, missing, isDone],
    [
      'unconfirmed if no look-up works',
      missing,
      down,
      { result: 'refused', reason: 'cancellation_unconfirmed' },
    ],
    ['still due after a 403 that nothing explains', forbidden, missing, waitsForbidden],
  ])(
    'is sent once although Button never acknowledged the order, and is %s',
    async (_end, cancel, byToken, result) => {
      const getByToken = [{ answer: 'not-found', mayBeRefused: true } as const, byToken];
      const entry = { ...unreported(), failedLookUps: 48 };

      expect((await talk(entry, { get: missing, getByToken, cancel })).result).toEqual(result);
    },
  );

  it('cancels only an order that shows our token, if that is all that is known', async () => {
    const entry = claimed({ kind: 'cancelled' });
    const tokenOnly = { ...entry, newest: { ...entry.newest, cancels: {} } };
    const shows = (btn_ref: string | null) =>
      talk(tokenOnly, { get: found({ ...held, btn_ref }), getByToken: missing, cancel: done });

    const [mine, theirs, nobodys] = [await shows(token), await shows('srctok-another'), await shows(null)];

    expect(mine.asked).toEqual(['get', 'cancel']);
    for (const { asked, result } of [theirs, nobodys])
      expect([asked, result]).toEqual([
        ['get', 'getByToken'],
        { result: 'refused', reason: 'order_id_taken' },
      ]);
  });

  it('waits a quarter of an hour for a create that may have been carried out and is not shown (requirement 2)', async () => {
    const receivedAt = (minutesAgo: number) => new Date(now.getTime() - minutesAgo * 60_000).toISOString();
    const end = async (minutesAgo: number, doubt: Doubt) => {
      const entry = { ...unreported(), progress: claimed({ doubt }).progress };
      const aged = { ...entry, newest: { ...entry.newest, receivedAt: receivedAt(minutesAgo) } };
      return (await talk(aged, { get: missing, getByToken: missing })).result;
    };
    const created = { kind: 'unclear', hash: 'h-1' } as const;

    expect(await end(14, created)).toEqual({ result: 'try-again', reason: 'not_found' });
    expect(await end(14, { ...created, hash: 'h-2', amongOthers: true })).toMatchObject({
      result: 'try-again',
    });
    expect(await end(15, created)).toEqual(isDone);
    expect(await end(60, { ...created, sentAt: receivedAt(14) })).toMatchObject({ result: 'try-again' });
    expect(await end(60, { ...created, sentAt: receivedAt(15) })).toEqual(isDone);
    expect(await end(0, { ...created, hash: 'h-2' })).toEqual(isDone);
  });

  it('needs no call if Button answers that the token has no order, and waits if it does not answer', async () => {
    const none = await talk(unreported(true), { get: missing, getByToken: missing });
    const unknown = await talk(unreported(), { get: down });

    expect([none.asked, none.result]).toEqual([['get', 'getByToken'], isDone]);
    expect(unknown).toMatchObject({ asked: ['get'], result: { result: 'try-again' } });
  });

  it('is refused for reads that say nothing only after ten tries, of which the last three got such a read', async () => {
    const odd = 'unreadable_order';
    const tried = async (attempts: number, ...reasons: string[]) => {
      const last = reasons.map((reason) => ({ at: now.toISOString(), reason }));
      const failures = { count: 3, since: now.toISOString(), last };
      const get = { ...down, reason: odd };
      return (await talk({ ...unreported(), attempts, ...(last.length > 0 && { failures }) }, { get }))
        .result;
    };

    for (const early of [
      await tried(0),
      await tried(9, odd, odd, odd),
      await tried(50, 'http_503', odd, odd),
    ])
      expect(early).toMatchObject({ result: 'try-again', reason: odd });
    expect(await tried(10, odd, odd, odd)).toEqual({ result: 'refused', reason: 'order_id_taken' });
  });

  it('is sent if Button’s 404 may be about the look-up by its token (requirement 2)', async () => {
    const getByToken = { answer: 'not-found', mayBeRefused: true } as const;

    const sent = await talk(unreported(), { get: missing, getByToken, cancel: done });
    const nowhere = await talk(unreported(), { get: missing, getByToken, cancel: missing });

    expect([sent.asked, sent.result]).toEqual([['get', 'getByToken', 'cancel'], isDone]);
    expect(nowhere.result).toEqual(isDone);
  });

  it('is preceded by a read although a create may have been carried out: the id may still be taken', async () => {
    const uncertain = { ...unreported(), sent: cancels, progress: claimed(inDoubt).progress };

    const theirs = await talk(uncertain, { get: anothers, getByToken: missing });
    const none = await talk(uncertain, { get: missing, getByToken: missing });
    const tokenDue = await talk(
      { ...uncertain, tokenDue: true },
      { get: missing, getByToken: missing, cancel: done },
    );

    expect(theirs.result).toEqual({ result: 'refused', reason: 'order_id_taken' });
    expect([none.asked, none.result]).toEqual([['get', 'getByToken'], isDone]);
    expect(tokenDue.asked).toEqual(['get', 'getByToken', 'cancel']);
  });

  it('is sent if a restored ledger may have forgotten a create without the token (requirement 2)', async () => {
    const answers = { get: missing, getByToken: missing, cancel: done };
    const late = { ...unreported(), tokenDue: true } as const;

    const restored = await talk(late, answers, '2026-06-01T13:00:00.000Z');
    const since = await talk(late, answers, purchase_date);

    expect(restored.asked).toEqual(['get', 'getByToken', 'cancel']);
    expect(since.asked).toEqual(['get', 'getByToken']);
  });

  it('waits for a look-up by the token, and is sent if that fails for long, unless Button has said that the id is taken', async () => {
    const refused: OrderApiAnswer = { ...down, isRefused: true, reason: 'look_up_http_401' };
    const answers = { get: missing, getByToken: refused, cancel: done };

    const waits = await talk(unreported(), answers);
    const sent = await talk({ ...unreported(), failedLookUps: 6 }, answers);
    const taken = await talk({ ...unreported(true), failedLookUps: 6 }, answers);

    expect(waits).toMatchObject({
      asked: ['get', 'getByToken'],
      result: { result: 'try-again', isLookUp: true },
    });
    expect([sent.asked, sent.result]).toEqual([['get', 'getByToken', 'cancel'], isDone]);
    expect(taken.result).toEqual({ result: 'refused', reason: 'order_id_taken' });
  });

  it('is sent if no token can be looked up and nothing is shown, unless Button has said that the id is taken', async () => {
    const { btnRef: _token, ...entry } = unreported();
    const { btnRef: _another, ...taken } = unreported(true);

    const sent = await talk(entry, { get: missing, cancel: done });
    const kept = await talk(taken, { get: missing });

    expect([sent.asked, sent.result]).toEqual([['get', 'cancel'], isDone]);
    expect([kept.asked, kept.result]).toEqual([['get'], { result: 'refused', reason: 'order_id_taken' }]);
  });

  it('finds the order under any of the ids that Button accepts', async () => {
    const { calls, result } = await talk(unreported(), {
      get: missing,
      getByToken: own,
      cancel: [missing, done],
    });

    expect(calls.slice(2, 5)).toEqual([
      ['cancel', 'btnorder-1'],
      ['get', order.order_id],
      ['cancel', order.order_id],
    ]);
    expect(result).toMatchObject({ result: 'unclear', reason: 'still_open' });
  });
});

it('a cancellation that found nothing is confirmed by reads: the id may still be another shop’s (requirement 2)', async () => {
  const doubt = { kind: 'confirming', hash: 'h-2' } as const;
  const entry = claimed({ kind: 'cancelled', reported: { kind: 'cancelled' }, doubt });
  const { purchase_date, currency } = order;
  const unfound = { ...entry, newest: { ...entry.newest, cancels: { purchase_date, currency } } };

  const hidden = await talk(unfound, { get: missing, getByToken: missing, cancel: done });
  const shown = await talk(unfound, {
    get: found({ ...held, btn_ref: 'srctok-another' }),
    getByToken: missing,
    cancel: done,
  });

  expect([hidden.asked, shown.asked]).toEqual([
    ['get', 'getByToken'],
    ['get', 'getByToken'],
  ]);
  expect(hidden.result).toEqual(isDone);
});

it('a cancellation that arrived before Button acknowledged the order is sent without a read (requirement 6)', async () => {
  const entry = claimed({ kind: 'cancelled', reported: { buttonOrderId: 'btnorder-1' } });
  const { purchase_date, currency } = order;
  const waited = { ...entry, newest: { ...entry.newest, cancels: { purchase_date, currency } } };

  const sent = await talk(waited, { cancel: done, get: down });
  const accepted = { ...waited, reported: { ...claimed({ reported: {} }).reported, acceptedOnly: true } };
  const read = await talk(accepted as LedgerEntry, { cancel: done, get: down });

  expect([sent.asked, sent.result]).toEqual([['cancel'], isDone]);
  expect(read.asked).toEqual(['get']);
});

it.each<[string, Claimed]>([
  ['in doubt', { doubt: { kind: 'unclear', hash: 'h-1' } }],
  ['that Button has only accepted (202)', { reported: { acceptedOnly: true } }],
])(
  'an order %s is this one if it shows the purchase that was sent first, though a later version corrects it (requirement 3)',
  async (_what, given) => {
    const sent = { purchase_date: '2026-05-30T10:00:00Z', currency: order.currency };
    const shown = found({ ...held, ...sent, btn_ref: null });
    const cancelling = tokenless({ ...given, kind: 'cancelled', more: { sent } });
    const { purchase_date, currency } = order;
    const cancels = { ...cancelling, newest: { ...cancelling.newest, cancels: { purchase_date, currency } } };

    const updated = await talk(tokenless({ ...given, more: { sent } }), { get: shown, update: done });
    const cancelled = await talk(cancels, { get: shown, cancel: done });
    const anothers = await talk(tokenless(given), { get: shown });

    expect([updated.asked, cancelled.asked]).toEqual([
      ['get', 'update'],
      ['get', 'cancel'],
    ]);
    expect(anothers.result).toEqual({ result: 'refused', reason: 'order_id_taken' });
  },
);

it('an update whose answer shows the order without its token makes the token due, unless Button does not take it (requirement 1)', async () => {
  const update: OrderApiAnswer = { ...done, shownToken: null };
  const given: Claimed = { kind: 'updated', reported: {} };

  const { asked, result } = await talk(claimed(given), { update });
  const { result: known } = await talk(claimed({ ...given, more: { warnings: ['btn_ref_not_taken'] } }), {
    update,
  });
  const { result: without } = await talk(tokenless(given), { update });

  expect([asked, result]).toEqual([['update'], { ...isDone, lacksToken: true }]);
  expect([known, without]).toEqual([isDone, isDone]);
});

it.each<[string, OrderApiAnswer, boolean]>([
  ['that nothing answers', { answer: 'unanswered', isRefused: false, isLost: true, reason: 'timeout' }, true],
  ['that fails', down, true],
  ['that never left', { answer: 'unanswered', isRefused: false, reason: 'econnrefused' }, false],
  ['that is to wait', { answer: 'unanswered', isRefused: false, reason: 'http_429', afterMs: 9 }, false],
])('a read %s counts as a failure of the order: %s', async (_what, get, isBlamed) => {
  const { result } = await talk(claimed(inDoubt), { get });

  expect('blamesOrder' in result).toBe(isBlamed);
});

describe('an order that Button has only accepted (202), whose id may be another shop’s', () => {
  const accepted: Claimed = { kind: 'updated', reported: { acceptedOnly: true } };
  const shown = { ...held, btn_ref: token, button_order_id: 'btnorder-1' };

  it('is read once before it is updated: then Button’s id is known', async () => {
    const own = await talk(claimed(accepted), { get: found(shown), update: done });
    const another = await talk(claimed(accepted), {
      get: found({ ...shown, btn_ref: 'srctok-another' }),
      getByToken: missing,
    });
    const known = await talk(
      claimed({ ...accepted, reported: { acceptedOnly: true, buttonOrderId: 'btnorder-1' } }),
      { update: done },
    );

    expect([own.asked, own.result]).toMatchObject([['get', 'update'], { buttonOrderId: 'btnorder-1' }]);
    expect([another.asked, another.result]).toEqual([
      ['get', 'getByToken'],
      { result: 'refused', reason: 'order_id_taken' },
    ]);
    expect(known.asked).toEqual(['update']);
  });

  it('waits if Button shows no order with its token, whatever is to be sent', async () => {
    const unseen = { get: missing, getByToken: missing };
    const lately: Claimed = { ...accepted, reported: { acceptedOnly: true, at: now.toISOString() } };
    const cancelled = claimed({ ...lately, kind: 'cancelled' });
    const { purchase_date, currency } = order;
    const cancels = { ...cancelled, newest: { ...cancelled.newest, cancels: { purchase_date, currency } } };

    const results = [await talk(claimed(lately), unseen), await talk(cancels, unseen)];

    for (const { asked, result } of results) {
      expect(asked).toEqual(['get', 'getByToken']);
      expect(result).toEqual({ result: 'try-again', reason: 'not_found' });
    }
  });
});

describe('an update without line items (requirement 7)', () => {
  const { line_items: _lines, ...bare } = { ...order, total: 500 };
  const value = { amountMinor: total, currency };

  it('is refused, and not sent, if Button holds lines that were reported while it waited', async () => {
    const hasLines = { hasLines: true, value } as const;
    const other = await talk(claimed({ kind: 'updated', content: bare, reported: hasLines }), {
      update: done,
    });
    const equal = await talk(claimed({ kind: 'updated', content: { ...bare, total }, reported: hasLines }), {
      update: done,
    });

    expect([other.asked, other.result]).toEqual([[], { result: 'refused', reason: 'line_items_missing' }]);
    expect(equal.asked).toEqual(['update']);
  });

  it('is sent if Button shows that it holds no lines, whatever total it holds', async () => {
    const shown = found({ ...held, btn_ref: token, line_items: [], total: total + 1 });

    const { asked } = await talk(claimed({ kind: 'updated', content: bare, reported: {}, ...inDoubt }), {
      get: shown,
      update: done,
    });

    expect(asked).toEqual(['get', 'update']);
  });

  it('is refused after a 409 to its create if Button shows lines with another total', async () => {
    const shown = found({ ...held, btn_ref: token });
    const { asked, result } = await talk(claimed({ content: bare }), {
      create: { answer: 'exists' },
      get: shown,
    });

    expect([asked, result]).toEqual([['create', 'get'], { result: 'refused', reason: 'line_items_missing' }]);
  });
});

describe('an order that Button may not hold, when a read shows one with its id', () => {
  const { purchase_date: _date, ...undated } = held;

  it.each<[string, OrderAtButton]>([
    ['neither token nor purchase date', undated],
    ['only a different token', { order_id: order.order_id, btn_ref: 'srctok-another' }],
    ['no currency', { ...held, currency: undefined }],
    ['only the status deleted', { order_id: order.order_id, status: 'deleted' }],
    [
      'another purchase date and the status deleted',
      { ...held, purchase_date: '2020-01-01', status: 'deleted' },
    ],
  ])(
    'does not touch that order, and is quarantined, if it is shown with %s (requirement 7)',
    async (_what, shown) => {
      for (const given of [inDoubt, { kind: 'updated' } as const]) {
        const { asked, result } = await talk(claimed(given), { get: found(shown), getByToken: missing });

        expect(asked).toEqual(['get', 'getByToken']);
        expect(result).toEqual({ result: 'refused', reason: 'order_id_taken' });
      }
    },
  );

  it('is sent once more if the read shows this order without its amounts (requirement 2)', async () => {
    for (const hidden of ['total', 'currency', 'line_items']) {
      const shown = { ...held, [hidden]: undefined, btn_ref: token } as OrderAtButton;
      const { asked } = await talk(claimed(inDoubt), { get: found(shown), update: done });

      expect(asked).toEqual(['get', 'update']);
    }
  });
});

describe('an order whose id Button shows for another shop’s, or without showing whose it is', () => {
  const theirs = found({ ...held, btn_ref: 'srctok-another', button_order_id: 'btnorder-2' });
  const { purchase_date: _date, ...undated } = held;
  const nameless = { ...held, total: 1, btn_ref: token };
  const mine = found({ ...nameless, button_order_id: 'btnorder-1' });
  const shownTheirs: Doubt = { kind: 'unclear', hash: 'h-2', shownId: 'btnorder-2' };
  const reported = { acceptedOnly: true };

  it.each<[string, Claimed, OrderApiAnswer]>([
    ['in doubt', inDoubt, theirs],
    ['in doubt, and no read shows whose it is', inDoubt, found(undated)],
    ['in doubt, after the answer to its create showed another', { doubt: shownTheirs }, theirs],
    ['only accepted (202)', { kind: 'updated', reported }, theirs],
  ])('is updated by the id that its token finds: %s (requirement 3)', async (_what, given, get) => {
    const { calls, result } = await talk(claimed(given), { get, getByToken: mine, update: done });

    const sent = calls.filter(([operation]) => operation === 'update');
    expect(sent.map(([, id]) => id)).toEqual(['btnorder-1']);
    expect(result).toMatchObject({ result: 'done', buttonOrderId: 'btnorder-1' });
  });

  it('waits for a look-up by its token that is not answered', async () => {
    const { result } = await talk(claimed(inDoubt), { get: theirs, getByToken: down });

    expect(result).toMatchObject({ result: 'try-again', isLookUp: true });
  });

  it('is not updated by an id that leads to another shop’s, although its token finds it without an id of Button’s', async () => {
    const { asked, result } = await talk(claimed(inDoubt), { get: theirs, getByToken: found(nameless) });

    expect(asked).toEqual(['get', 'getByToken']);
    expect(result).toEqual({ result: 'refused', reason: 'order_id_taken' });
  });
});

describe('an acknowledged order that only its token finds, while the brand’s id leads to another shop’s', () => {
  const doubt: Doubt = { kind: 'unclear', hash: 'h-1' };
  const entry = claimed({ kind: 'updated', reported: { buttonOrderId: 'btnorder-1' }, doubt });
  const theirs = { ...held, btn_ref: 'srctok-another', button_order_id: 'btnorder-2' };
  const asksFor = async (getByToken: OrderApiAnswer, update: OrderApiAnswer) => {
    const { calls, result } = await talk(entry, { get: [missing, found(theirs)], getByToken, update });
    return { ids: calls.filter(([operation]) => operation === 'update').map(([, id]) => id), result };
  };

  it('is updated by Button’s known id, if the list shows none (requirement 7)', async () => {
    const nameless = found({ ...held, total: 1, btn_ref: token });

    expect((await asksFor(nameless, done)).ids).toEqual(['btnorder-1']);
    expect(await asksFor(nameless, missing)).toEqual({
      ids: ['btnorder-1'],
      result: { result: 'refused', reason: 'unknown_to_button' },
    });
  });

  it('is not updated by the id of an order that the list shows with another token (requirement 7)', async () => {
    expect((await asksFor(found(theirs), missing)).ids).toEqual(['btnorder-1']);
  });
});

describe('a 409 to a create (requirement 7)', () => {
  const exists: OrderApiAnswer = { answer: 'exists' };
  const { purchase_date: _date, ...undated } = held;
  const sameDay = held;

  it.each<[string, LedgerEntry, OrderAtButton]>([
    ['the same token', claimed({}), { ...held, btn_ref: token }],
    ['no token shown, same purchase date and currency', claimed({}), { ...sameDay, btn_ref: null }],
    ['no token known, same purchase date and currency', tokenless({}), { ...sameDay, btn_ref: 'another' }],
    [
      'the same instant in another format',
      tokenless({}),
      { ...held, purchase_date: new Date(order.purchase_date).toISOString().replace(/Z$/, '+00:00') },
    ],
  ])('leads to a read and an update if the order is ours: %s', async (_what, entry, shown) => {
    const { asked, result } = await talk(entry, { create: exists, get: found(shown), update: done });

    expect(asked).toEqual(['create', 'get', 'update']);
    expect(result).toMatchObject(isDone);
  });

  it.each<[string, LedgerEntry, OrderApiAnswer]>([
    ['another token', claimed({}), found({ ...sameDay, btn_ref: 'another' })],
    ['another purchase date', tokenless({}), found({ ...held, purchase_date: '2020-01-01T00:00:00Z' })],
    ['another currency', tokenless({}), found({ ...sameDay, currency: 'EUR' })],
    ['neither token nor purchase date shown', claimed({}), found(undated)],
    ['no currency shown', tokenless({}), found({ ...held, currency: undefined })],
    ['no readable date', tokenless({}), found({ ...held, purchase_date: 'yesterday' })],
    ['nothing readable', claimed({}), { ...down, reason: 'unreadable_order' }],
  ])('sends the order to quarantine if it is not shown to be ours: %s', async (_what, entry, get) => {
    const { asked, result } = await talk(entry, { create: exists, get, getByToken: missing });

    expect(asked).not.toContain('update');
    expect(result).toMatchObject({ result: 'refused', reason: 'order_id_taken' });
  });

  it('waits if the read is not answered, and for ten tries if Button says that the order exists but does not show it (B1)', async () => {
    const nowhere = { create: exists, get: missing, getByToken: missing };
    const tried = async (attempts: number) => (await talk(claimed({ more: { attempts } }), nowhere)).result;

    expect((await talk(claimed({}), { create: exists, get: down })).result).toMatchObject({
      result: 'try-again',
    });
    expect(await tried(9)).toEqual({ result: 'try-again', reason: 'not_found', isIdTaken: true });
    expect(await tried(10)).toEqual({ result: 'refused', reason: 'order_id_taken', isIdTaken: true });
  });

  it('is final if the order is deleted, and adds the token if Button shows none', async () => {
    const deleted = await talk(claimed({}), {
      create: exists,
      get: found({ ...sameDay, status: 'deleted' }),
    });
    const bare = await talk(claimed({}), {
      create: exists,
      get: found({ ...sameDay, btn_ref: null }),
      update: done,
    });

    expect(deleted.result).toEqual({ result: 'refused', reason: 'deleted_at_button' });
    expect(bare.calls.at(-1)).toEqual(['update', order.order_id, order, token]);
  });

  it('is how an order that was never sent finds that its id is another’s: no update is sent without a read', async () => {
    const { asked } = await talk(tokenless({ kind: 'updated' }), {
      get: missing,
      create: exists,
      update: done,
    });

    expect(asked).toEqual(['get', 'create', 'get']);
  });

  it('is not the only way to find another’s order: an order that was read first is not touched', async () => {
    const foreign = found({ ...held, btn_ref: 'another' });

    const unclear = await talk(claimed(inDoubt), { get: foreign, getByToken: missing });
    const adopted = await talk(claimed({ kind: 'updated' }), { get: foreign, getByToken: missing });

    expect([unclear.result, adopted.result]).toEqual([
      { result: 'refused', reason: 'order_id_taken' },
      { result: 'refused', reason: 'order_id_taken' },
    ]);
  });
});

describe('an order that Button’s id does not find, while the brand’s id may be another shop’s (requirement 7)', () => {
  const reported = { buttonOrderId: 'btnorder-1' };
  const updating = claimed({ kind: 'updated', reported });
  const cancelling = claimed({ kind: 'cancelled', reported });
  const theirs: OrderAtButton = { ...held, button_order_id: 'btnorder-2', btn_ref: 'srctok-another' };

  it.each<[string, OrderAtButton, boolean]>([
    ['another id of Button’s', { ...held, button_order_id: 'btnorder-2' }, true],
    ['another token', { ...held, btn_ref: 'srctok-another' }, true],
    ['Button’s id', { ...held, button_order_id: 'btnorder-1', purchase_date: '2020-01-01' }, false],
    ['its token, and another id of Button’s', { ...theirs, btn_ref: token }, false],
    ['nothing that distinguishes it', { status: 'open' }, false],
  ])(
    'is sent by the brand’s id only if that does not show another order: it shows %s',
    async (_what, shown, isAnothers) => {
      const answers = { get: [found(shown), missing, found(shown)], getByToken: missing };

      const updated = await talk(updating, { ...answers, update: [missing, done] });
      const cancelled = await talk(cancelling, { ...answers, cancel: [missing, done] });

      const writes = isAnothers ? ['btnorder-1'] : ['btnorder-1', order.order_id];
      for (const { calls } of [updated, cancelled])
        expect(
          calls.filter(([operation]) => operation === 'update' || operation === 'cancel').map(([, id]) => id),
        ).toEqual(writes);
      expect(updated.result).toEqual(
        isAnothers ? { result: 'refused', reason: 'unknown_to_button' } : isDone,
      );
      expect(cancelled.result).toEqual(isDone);
    },
  );

  it('is another’s by its purchase, where an order is shown with neither token nor Button’s id', async () => {
    const shown = found({ ...held, currency: 'JPY' });

    const { asked } = await talk(updating, { update: missing, get: shown, getByToken: missing });

    expect(asked).toEqual(['update', 'get', 'getByToken']);
  });

  it('is this order, if the brand’s id shows the purchase that was sent before its date was corrected', async () => {
    const sent = { purchase_date: '2026-05-30T10:00:00Z', currency: order.currency };
    const shown = (purchase_date: string) => found({ ...held, purchase_date });

    const ours = await talk(
      { ...updating, sent },
      { update: [missing, done], get: shown(sent.purchase_date) },
    );
    const theirs = await talk(
      { ...updating, sent },
      { update: missing, get: shown('2020-01-01T00:00:00Z'), getByToken: missing },
    );

    expect([ours.asked, ours.result]).toEqual([['update', 'get', 'update'], isDone]);
    expect(theirs.result).toEqual({ result: 'refused', reason: 'unknown_to_button' });
  });

  it('is not sent by the brand’s id before that is read', async () => {
    const updated = await talk(updating, { update: missing, get: down });
    const cancelled = await talk(cancelling, { cancel: missing, get: down });

    expect([updated.asked, cancelled.asked]).toEqual([
      ['update', 'get'],
      ['cancel', 'get'],
    ]);
    expect([updated.result, cancelled.result]).toMatchObject([
      { result: 'try-again', reason: 'http_503' },
      { result: 'try-again', reason: 'http_503' },
    ]);
  });

  it('counts as not found where a read in doubt shows another’s: neither that nor its id is taken', async () => {
    const answers = { get: [missing, found(theirs)], getByToken: missing };

    const updated = await talk(claimed({ ...inDoubt, kind: 'updated', reported }), {
      ...answers,
      update: missing,
    });
    const refused = await talk(updating, { ...answers, update: forbidden });

    expect(updated.calls.filter(([operation]) => operation === 'update').map(([, id]) => id)).toEqual([
      'btnorder-1',
    ]);
    expect(updated.result).toEqual({ result: 'refused', reason: 'unknown_to_button' });
    expect(refused.result).toEqual(waitsForbidden);
  });

  it('needs a person if no read showed it, and the answer to its update shows another id of Button’s', async () => {
    const answers = { get: missing, getByToken: missing };
    const other = { ...done, buttonOrderId: 'btnorder-2' } as const;

    const theirs = await talk(updating, { ...answers, update: [missing, other] });
    const ours = await talk(updating, { ...answers, update: [missing, { ...other, shownToken: token }] });

    expect(theirs.result).toEqual({ result: 'refused', reason: 'order_id_taken' });
    expect(ours.result).toEqual({ ...isDone, buttonOrderId: 'btnorder-2' });
  });
});

describe('a 200 to a create that does not show the order as it was sent (requirement 3)', () => {
  const unattributed = { ...done, buttonOrderId: 'btnorder-1', shownToken: null } as const;
  const existing: OrderApiAnswer = {
    answer: 'exists',
    shown: { ...held, purchase_date: undefined, btn_ref: null, button_order_id: 'btnorder-1' },
  };
  const { purchase_date, currency } = order;

  it('has made the order, without its token, if nothing else differs: Button’s id is kept', async () => {
    const { asked, result } = await talk(claimed({}), { create: unattributed });

    expect(asked).toEqual(['create']);
    expect(result).toEqual({ ...isCreated, token: 'refused', buttonOrderId: 'btnorder-1' });
  });

  it('may show the order of an earlier create without the token: an update still brings it', async () => {
    const { result } = await talk(claimed({ more: { tokenDue: true } }), { create: unattributed });

    expect(result).toEqual({ ...isDone, created: true, buttonOrderId: 'btnorder-1' });
  });

  it.each<[string, Answers, object]>([
    ['fails', { get: down }, { reason: 'http_503' }],
    [
      'is to wait',
      { get: { answer: 'unanswered', isRefused: false, reason: 'http_429', afterMs: 9 } },
      { reason: 'http_429', afterMs: 9 },
    ],
    ['says nothing', { get: { ...down, reason: 'unreadable_order' } }, { reason: 'unreadable_order' }],
    ['finds nothing', { get: missing, getByToken: missing }, { reason: 'not_found' }],
  ])(
    'is in doubt if the read by the id that it shows %s, so that no second order is made',
    async (_what, answers, why) => {
      const { calls, result } = await talk(claimed({}), { create: existing, ...answers });

      expect(calls[1]).toEqual(['get', 'btnorder-1']);
      expect(result).toMatchObject({ result: 'unclear', shownId: 'btnorder-1', ...why });
    },
  );

  it('is read by that id as long as it is in doubt: no other id may lead to it', async () => {
    const doubt = {
      kind: 'unclear',
      hash: 'h-2',
      shownId: 'btnorder-1',
    } as const;
    const shown = { ...held, btn_ref: null, button_order_id: 'btnorder-1' };

    const created = await talk(claimed({ doubt }), { get: [found(shown), missing], update: done });
    const cancels = { purchase_date, currency };
    const entry = claimed({ kind: 'cancelled', doubt: { ...doubt, hash: 'h-1' } });
    const cancelled = await talk(
      { ...entry, newest: { ...entry.newest, cancels } },
      { get: [found(shown), missing], cancel: done },
    );

    expect(created.calls).toEqual([
      ['get', 'btnorder-1'],
      ['update', 'btnorder-1', order, token],
    ]);
    expect(created.result).toMatchObject({ result: 'done', token: 'taken', buttonOrderId: 'btnorder-1' });
    expect(cancelled.calls).toEqual([
      ['get', 'btnorder-1'],
      ['cancel', 'btnorder-1'],
    ]);
  });

  it('follows what the read by the id that it shows says: ours is updated, another’s is left alone', async () => {
    const ours = await talk(claimed({}), {
      create: existing,
      get: found({ ...held, btn_ref: null, button_order_id: 'btnorder-1' }),
      update: { ...done, shownToken: null },
    });
    const theirs = await talk(claimed({}), {
      create: existing,
      get: found({ ...held, currency: 'JPY' }),
      getByToken: missing,
    });

    expect(ours.calls.at(-1)).toEqual(['update', 'btnorder-1', order, token]);
    const kept = { token: 'refused', lacksToken: true, buttonOrderId: 'btnorder-1' };
    expect(ours.result).toEqual({ ...isDone, ...kept });
    // The create may have made it all the same: a cancellation has to find it.
    const refused = { result: 'refused', reason: 'order_id_taken', shownId: 'btnorder-1' };
    expect(theirs.result).toEqual(refused);
  });

  it('keeps the id by which it was read, although no later answer shows it', async () => {
    const { result } = await talk(claimed({}), { create: existing, get: found(held), update: done });

    expect(result).toMatchObject({ result: 'done', buttonOrderId: 'btnorder-1' });
  });

  it('is read once by that id, if another create shows it again', async () => {
    const doubt = { kind: 'unclear', hash: 'h-2', shownId: 'btnorder-1' } as const;

    const { calls } = await talk(claimed({ doubt }), { get: missing, getByToken: missing, create: existing });

    const ids = calls.filter(([operation]) => operation === 'get').map(([, id]) => id);
    expect(ids).toEqual(['btnorder-1', order.order_id, 'btnorder-1', order.order_id]);
  });

  it('is not sent by the brand’s id before a read shows that this is not another shop’s order', async () => {
    const theirs = found({ ...held, btn_ref: 'srctok-another', button_order_id: 'btnorder-2' });
    const mine = found({ ...held, btn_ref: null, button_order_id: 'btnorder-1' });
    const doubt = { kind: 'unclear', hash: 'h-1', shownId: 'btnorder-1' } as const;
    const entry = claimed({ kind: 'cancelled', doubt });
    const cancels = { purchase_date, currency };

    const updated = await talk(claimed({ doubt }), { get: [mine, theirs], update: refusal });
    const cancelled = await talk(
      { ...entry, newest: { ...entry.newest, cancels } },
      { get: [mine, theirs], cancel: refusal },
    );

    const sent = [...updated.calls, ...cancelled.calls].filter(([operation]) => operation !== 'get');
    expect(new Set(sent.map(([, id]) => id))).toEqual(new Set(['btnorder-1']));
    expect([updated.result, cancelled.result]).toMatchObject([
      { result: 'refused', reason: 'refused_by_button' },
      { result: 'refused', reason: 'refused_by_button' },
    ]);
  });

  it('is sent by the brand’s id if Button does not find the other, and shows nothing that distinguishes the order', async () => {
    const mine = found({ ...held, btn_ref: null, button_order_id: 'btnorder-1' });
    const doubt = { kind: 'unclear', hash: 'h-1', shownId: 'btnorder-1' } as const;

    const { calls } = await talk(claimed({ doubt }), {
      get: [mine, found({ status: 'open' })],
      update: [missing, done],
    });

    expect(calls.map(([operation, id]) => [operation, id])).toEqual([
      ['get', 'btnorder-1'],
      ['update', 'btnorder-1'],
      ['get', order.order_id],
      ['update', order.order_id],
    ]);
  });

  it('leaves a cancellation of it due, if Button lists no order under a token that it may have dropped', async () => {
    const entry = claimed({ kind: 'cancelled', doubt: { kind: 'unclear', hash: 'h-1' } });
    const cancels = { purchase_date, currency, isIdTaken: true } as const;
    const tried = async (attempts: number) =>
      talk(
        { ...entry, attempts, newest: { ...entry.newest, cancels } },
        { get: missing, getByToken: missing },
      );

    expect((await tried(9)).result).toEqual({ result: 'try-again', reason: 'not_found' });
    expect((await tried(10)).result).toEqual({ result: 'refused', reason: 'order_id_taken' });
  });
});

describe('where Button refuses ids of one kind, instead of saying that it knows no such order', () => {
  const refusedRead: OrderApiAnswer = { ...down, isRefused: true, reason: 'http_400' };
  const reported = { buttonOrderId: 'btnorder-1' };
  const updating = claimed({ kind: 'updated', reported });
  const cancelling = claimed({ kind: 'cancelled', reported });
  const mine = found({ ...held, button_order_id: 'btnorder-1' });

  it('updates and cancels by the other kind, once a read shows whose order that is', async () => {
    const updated = await talk(updating, { get: mine, update: [refusal, done] });
    const cancelled = await talk(cancelling, { get: mine, cancel: [refusal, done] });
    const theirs = await talk(updating, {
      get: found({ ...held, button_order_id: 'btnorder-2' }),
      update: [refusal, done],
    });

    expect(updated.asked).toEqual(['update', 'get', 'update']);
    expect(updated.result).toMatchObject(isDone);
    expect(cancelled.asked).toEqual(['cancel', 'get', 'cancel']);
    expect(cancelled.result).toMatchObject(isDone);
    expect(theirs.asked).toEqual(['update', 'get']);
    expect(theirs.result).toEqual({ result: 'refused', reason: 'refused_by_button' });
  });

  it('keeps the refusal of an order that it refuses under both ids', async () => {
    const { result } = await talk(updating, { get: mine, update: refusal });

    expect(result).toEqual({ result: 'refused', reason: 'refused_by_button' });
  });

  it('cancels what Button’s id does not find any more, though the brand’s id is refused', async () => {
    const asks = async (failedLookUps: number) =>
      talk(
        { ...cancelling, failedLookUps },
        { get: [refusedRead, missing, refusedRead], getByToken: missing, cancel: [missing, refusal] },
      );

    expect((await asks(5)).result).toEqual({ result: 'try-again', reason: 'http_400', isLookUp: true });
    expect((await asks(6)).result).toMatchObject(isDone);
  });

  it('keeps the refusal of a cancellation, if the order is open and has no other id', async () => {
    const { result, refusal: kept } = await talk(cancelling, {
      get: [missing, mine, missing],
      getByToken: missing,
      cancel: [refusal, missing],
    });

    expect(result).toEqual({ result: 'refused', reason: 'refused_by_button' });
    expect(kept?.problem).toMatch('400 bad total');
  });

  it('creates an order that was never sent, and that no read finds', async () => {
    const { asked } = await talk(tokenless({ kind: 'updated' }), { get: refusedRead, create: done });

    expect(asked).toEqual(['get', 'create']);
  });

  it.each([
    [
      'its token finds nothing',
      claimed(inDoubt),
      { getByToken: { ...missing, mayBeRefused: true } as const },
    ],
    ['it has no token', tokenless(inDoubt), {}],
  ])(
    'waits before it updates an order that may have been created, if %s: the refusal may pass',
    async (_what, entry, more) => {
      const asked = async (failedLookUps: number) =>
        (await talk({ ...entry, failedLookUps }, { get: refusedRead, update: done, ...more })).asked;

      expect(await asked(5)).not.toContain('update');
      expect(await asked(6)).toContain('update');
    },
  );

  it('waits only for the brand’s id, which may be another shop’s', async () => {
    const entry = tokenless({ doubt: { kind: 'unclear', hash: 'h-2', shownId: 'btnorder-3' } });
    const asked = async (...get: OrderApiAnswer[]) => (await talk(entry, { get, update: done })).asked;

    expect(await asked(missing, refusedRead)).toEqual(['get', 'get']);
    expect(await asked(refusedRead, missing)).toEqual(['get', 'get', 'update']);
  });

  it('waits before it sends to the brand’s id an order that only its token finds', async () => {
    const asked = async (failedLookUps: number, shown: OrderAtButton = {}) => {
      const entry = claimed({ ...inDoubt, content: { ...order, total: 1 }, more: { failedLookUps } });
      const getByToken = found({ ...held, btn_ref: token, ...shown });
      return (await talk(entry, { get: refusedRead, getByToken, update: done })).asked;
    };

    expect(await asked(5)).toEqual(['get', 'getByToken']);
    expect(await asked(6)).toEqual(['get', 'getByToken', 'update']);
    expect(await asked(0, { button_order_id: 'btnorder-7' })).toEqual(['get', 'getByToken', 'update']);
  });

  it('leaves another shop’s order alone, even if Button refuses another id', async () => {
    const theirs = found({ ...held, purchase_date: '2001-01-01T00:00:00Z' });
    const entry = tokenless({ doubt: { kind: 'unclear', hash: 'h-2', shownId: 'btnorder-3' } });
    const { result } = await talk(entry, { get: [theirs, refusedRead] });

    expect(result).toEqual({ result: 'refused', reason: 'order_id_taken' });
  });

  it('cancels by the id that the look-up shows, though Button refuses every read', async () => {
    const getByToken = found({ ...held, btn_ref: token, button_order_id: 'btnorder-5' });
    const entry = claimed({ kind: 'cancelled', reported: {} });
    const { calls, result } = await talk(entry, { get: refusedRead, getByToken, cancel: [missing, done] });

    expect(calls.at(-1)).toEqual(['cancel', 'btnorder-5']);
    expect(result).toEqual({ ...isDone, buttonOrderId: 'btnorder-5' });
  });

  it('does not count an order as cancelled that Button refuses to read under every id', async () => {
    const unlisted: OrderApiAnswer = { answer: 'not-found', mayBeRefused: true };
    const end = async (failedLookUps: number, get: readonly OrderApiAnswer[], getByToken = unlisted) =>
      (await talk({ ...cancelling, failedLookUps }, { get, getByToken, cancel: missing })).result;

    expect(await end(6, [refusedRead])).toEqual({ result: 'refused', reason: 'cancellation_unconfirmed' });
    expect(await end(6, [refusedRead, missing, refusedRead])).toEqual(isDone);
    expect(await end(6, [refusedRead], missing)).toEqual(isDone);
    const nameless = claimed({ kind: 'cancelled', reported: {} });
    const waits = await talk(nameless, { get: refusedRead, getByToken: unlisted, cancel: missing });
    expect(waits.result).toEqual({ result: 'try-again', reason: 'http_400', isLookUp: true });
  });

  it.each<[string, Claimed, string | undefined]>([
    ['may have been created', { doubt: { kind: 'unclear', hash: 'h-1' } }, undefined],
    ['was never created', inDoubt, undefined],
    ['a restored ledger may have forgotten', {}, '2100-01-01T00:00:00Z'],
  ])(
    'cancels no order by the id alone that %s: it may be another shop’s',
    async (_what, more, verifyBefore) => {
      const entry = tokenless({ kind: 'cancelled', ...more });
      const newest = { ...entry.newest, cancels: { purchase_date, currency } };
      const end = (failedLookUps: number) =>
        talk({ ...entry, newest, failedLookUps }, { get: refusedRead, cancel: done }, verifyBefore);

      expect(await end(5)).toMatchObject({ asked: ['get'], result: { result: 'try-again', isLookUp: true } });
      expect(await end(6)).toMatchObject({ asked: ['get'], result: { reason: 'cancellation_unconfirmed' } });
    },
  );

  it('cancels an order by the id alone if Button has accepted it (202)', async () => {
    const entry = tokenless({ kind: 'cancelled', reported: { acceptedOnly: true } });
    const newest = { ...entry.newest, cancels: { purchase_date, currency } };

    const { asked } = await talk({ ...entry, newest, failedLookUps: 6 }, { get: refusedRead, cancel: done });

    expect(asked).toEqual(['get', 'cancel']);
  });

  const sentAt = '2026-05-31T00:00:00.000Z';

  it.each<[string, Claimed]>([
    ['may have been created', { doubt: { kind: 'unclear', hash: 'h-1', sentAt } }],
    ['was accepted', { reported: { acceptedOnly: true } }],
  ])('does not count an order that %s as cancelled only because the list lacks it', async (_what, more) => {
    const entry = claimed({ kind: 'cancelled', ...more });
    const newest = { ...entry.newest, cancels: { purchase_date, currency } };
    const answers = { getByToken: missing, cancel: done };
    const end = (get: OrderApiAnswer, failedLookUps: number) =>
      talk({ ...entry, newest, failedLookUps }, { ...answers, get });

    expect((await end(refusedRead, 5)).result).toMatchObject({ result: 'try-again', isLookUp: true });
    const { result, asked } = await end(refusedRead, 6);
    expect(result).toEqual({ result: 'refused', reason: 'cancellation_unconfirmed' });
    expect(asked).toEqual(['get', 'getByToken']);
    expect((await end(missing, 6)).result).toEqual(isDone);
  });

  it('counts an order as cancelled that the list lacks, if Button has acknowledged the cancellation', async () => {
    const entry = claimed({
      kind: 'cancelled',
      reported: { kind: 'cancelled' },
      doubt: { kind: 'confirming', hash: 'h-2' },
    });
    const newest = { ...entry.newest, cancels: { purchase_date, currency } };
    const { result } = await talk(
      { ...entry, newest, failedLookUps: 6 },
      { get: refusedRead, getByToken: missing },
    );

    expect(result).toEqual(isDone);
  });

  it('keeps Button’s id that the list has shown if the cancellation is unclear: it can be read next time', async () => {
    const getByToken = found({ ...held, btn_ref: token, button_order_id: 'btnorder-5' });
    const entry = claimed({ kind: 'cancelled', ...inDoubt });
    const newest = { ...entry.newest, cancels: { purchase_date, currency } };
    const cancel: OrderApiAnswer = { answer: 'unclear', reason: 'timeout' };
    const { calls, result } = await talk({ ...entry, newest }, { get: missing, getByToken, cancel });

    expect(calls.at(-1)).toEqual(['cancel', 'btnorder-5']);
    expect(result).toMatchObject({ result: 'unclear', reason: 'timeout', shownId: 'btnorder-5' });
  });

  it('waits for it, whatever the list of the token shows: Button may not have taken the token', async () => {
    const answers = { get: refusedRead, getByToken: missing };
    const accepted = claimed({ kind: 'cancelled', reported: { acceptedOnly: true } });
    const newest = { ...accepted.newest, cancels: { purchase_date, currency } };
    const changed = claimed({ kind: 'updated', reported: { acceptedOnly: true } });

    const cancellation = await talk({ ...accepted, newest }, answers);
    const update = await talk(changed, answers);
    const create = await talk(claimed(inDoubt), answers);

    const ends = [cancellation, update, create];
    expect(ends.map(({ asked }) => asked)).toEqual(Array(3).fill(['get', 'getByToken']));
    expect(ends.map(({ result }) => result)).toEqual(
      Array(3).fill({ result: 'try-again', reason: 'http_400', isLookUp: true }),
    );
  });

  it('waits for a refused read if nothing else shows what became of the order', async () => {
    const { newest, ...entry } = tokenless({ kind: 'cancelled' });
    const { result } = await talk(
      { ...entry, newest },
      { get: refusedRead, cancel: { answer: 'unconfirmed' } },
    );

    expect(result).toMatchObject({ result: 'unclear', reason: 'http_400' });
  });
});

it.each([
  ['open', ['get', 'update'], isDone],
  ['finalized', ['get'], { result: 'done', acceptedOnly: false, sent: false, token: 'taken' }],
] as const)(
  'after a restore, an %s order with the same amounts may still be another version of the create',
  async (status, asked, result) => {
    const shown = found({ ...held, status, btn_ref: token });

    const stale = await talk(claimed({}), { get: shown, update: done }, '2026-06-01T13:00:00.000Z');
    const again = await talk(claimed(inDoubt), { get: shown, update: done }, '2026-06-01T13:00:00.000Z');

    expect([stale.asked, again.asked]).toEqual([asked, asked]);
    expect(stale.result).toMatchObject(result);
  },
);

it('refuses an update without line items if Button shows some and another total (requirement 7)', async () => {
  const { line_items: lines = [], ...bare } = order;
  const shown = found({ ...held, total: order.total + 1, btn_ref: token, line_items: lines });

  const contradicting = await talk(claimed({ kind: 'updated', content: bare }), { get: shown });
  const agreeing = await talk(claimed({ kind: 'updated', content: bare }), {
    get: found({ ...held, btn_ref: token, line_items: lines }),
    update: done,
  });

  expect(contradicting.result).toEqual({ result: 'refused', reason: 'line_items_missing' });
  expect(agreeing.result).toEqual({ ...isDone, token: 'taken' });
});

import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { callButton, type CallEnd } from '../../../functions/order-reporter/call-button.ts';
import type { OrderApi, OrderApiAnswer } from '../../../shared/button/order-api.ts';
import type { Doubt, LedgerEntry, ReportedVersion } from '../../../shared/domain/order-ledger.ts';
import { OrderSchema } from '../../../shared/domain/order.ts';

const order = OrderSchema.parse(
  JSON.parse(readFileSync(new URL('../../fixtures/button/order-create.json', import.meta.url), 'utf8')),
);
const now = new Date('2026-06-01T12:00:00.000Z');
const version = { by: 'sequence', sequence: '2' } as const;

const done: OrderApiAnswer = { answer: 'done', acceptedOnly: false };
const DOWN = { answer: 'unanswered', isRefused: false, reason: 'http_503' } as const;
const forbidden: OrderApiAnswer = { answer: 'unauthorized', status: 403 };

/** A claimed entry of a version. */
function claimed({
  kind = 'created',
  reported,
  doubt,
  failedLookUps,
}: {
  kind?: 'created' | 'updated' | 'cancelled';
  reported?: Partial<ReportedVersion>;
  doubt?: Doubt;
  failedLookUps?: number;
}): LedgerEntry {
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
    newest: {
      ...{ version, kind, hash: 'h-2', eventId: 'e', eventSource: 's', messageId: 'm' },
      ...{ time: now.toISOString(), ...(kind === 'cancelled' ? {} : { order }) },
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
    ...(failedLookUps === undefined ? {} : { failedLookUps }),
    warnings: [],
  };
}

/** Calls a Button that gives these answers, in this order; tells what it was asked and how the calls ended. */
async function callWith(entry: LedgerEntry, answers: Partial<Record<keyof OrderApi, OrderApiAnswer>>) {
  const asked: string[] = [];
  const answer = (operation: keyof OrderApi) => (): Promise<OrderApiAnswer> => {
    asked.push(operation);
    return Promise.resolve(answers[operation] ?? { answer: 'unclear', reason: 'not_expected' });
  };
  const api: OrderApi = {
    create: answer('create'),
    update: answer('update'),
    cancel: answer('cancel'),
    get: answer('get'),
    getByToken: answer('getByToken'),
  };
  return { asked, ...(await callButton(entry, { api, now, verifyBefore: undefined })) };
}

describe('callButton', () => {
  it('asks nothing before it cancels, creates or updates what is not in doubt', async () => {
    const cancelled = await callWith(claimed({ kind: 'cancelled', reported: {} }), { cancel: done });
    const created = await callWith(claimed({}), { create: done });
    const updated = await callWith(claimed({ kind: 'updated', reported: {} }), { update: done });

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
      { answer: 'try-again', reason: 'http_503' },
      { result: 'try-again', reason: 'http_503' },
    ],
    [
      'not carried out, and when to ask again (B2)',
      { answer: 'try-again', reason: 'http_429', afterMs: 3000 },
      { result: 'try-again', reason: 'http_429', afterMs: 3000 },
    ],
    ['unclear', { answer: 'unclear', reason: 'timeout' }, { result: 'unclear', reason: 'timeout' }],
    [
      'what it never says to an update',
      { answer: 'exists' },
      { result: 'unclear', reason: 'unexpected_answer' },
    ],
    [
      'what it only says to a read',
      { answer: 'found', order: {} },
      { result: 'unclear', reason: 'unexpected_answer' },
    ],
    ['too late (B8)', { answer: 'too-late', detail: '' }, { result: 'refused', reason: 'too_late' }],
    [
      'refused (B5)',
      { answer: 'refused', status: 400, detail: 'no' },
      { result: 'refused', reason: 'refused_by_button' },
    ],
  ])('tells the ledger how an update ended: %s', async (_what, answer, result) => {
    const end = await callWith(claimed({ kind: 'updated', reported: {} }), { update: answer });

    expect(end.result).toStrictEqual(result);
    expect(end.refusal?.code).toBe(result.result === 'refused' ? result.reason : undefined);
  });

  it('keeps in quarantine what Button says, where it says something, and how it is fixed', async () => {
    const entry = claimed({ kind: 'updated', reported: {} });

    const silent = await callWith(entry, { update: { answer: 'too-late', detail: '' } });
    const telling = await callWith(entry, {
      update: { answer: 'refused', status: 400, detail: 'bad total' },
    });

    expect(silent.refusal).toStrictEqual({
      code: 'too_late',
      problem: 'Button refuses changes of a finalized order',
      fix: 'Settle the difference with your Button contact; the order is billable as it stands',
    });
    expect(telling.refusal).toStrictEqual({
      code: 'refused_by_button',
      problem: 'Button refuses the order as it is. Button says: 400 bad total',
      fix: 'Correct the order and replay the entry, or send the order as a newer version',
    });
  });

  it('does not look by a token that the order does not have, nor for what its id has found or not been answered', async () => {
    const { btn_ref: _token, ...plain } = order;
    const inDoubt = claimed({ doubt: { kind: 'unclear', hash: 'h-2' } });
    const { newest } = inDoubt;
    const withoutToken = { ...inDoubt, newest: { ...newest, order: OrderSchema.parse(plain) } };

    const created = await callWith(withoutToken, { get: { answer: 'not-found' }, create: done });
    const unread = await callWith(inDoubt, { get: { answer: 'try-again', reason: 'http_503' } });

    expect(created.asked).toEqual(['get', 'create']);
    expect(unread).toMatchObject({ asked: ['get'], result: { result: 'try-again' } });
    expect(unread.result).not.toHaveProperty('isLookUp');
  });

  it('says that Button held the version already, and under which id if it tells', async () => {
    const inDoubt = claimed({ doubt: { kind: 'unclear', hash: 'h-2' } });
    const held = { total: order.total, currency: order.currency };

    const nameless = await callWith(inDoubt, { get: { answer: 'found', order: held } });

    expect(nameless.result).toStrictEqual({ result: 'done', acceptedOnly: false, sent: false });
  });

  it('takes a 403 about a creation for the key’s where the order can’t be read either (B4)', async () => {
    const nowhere = await callWith(claimed({}), { create: forbidden, get: { answer: 'not-found' } });

    expect(nowhere).toMatchObject({ asked: ['create', 'get'], result: { reason: 'unauthorized' } });
  });

  it('updates at once what Button says is there already: a create brings the whole order (B1)', async () => {
    const { asked, result } = await callWith(claimed({}), { create: { answer: 'exists' }, update: done });

    expect(asked).toEqual(['create', 'update']);
    expect(result).toEqual({ result: 'done', acceptedOnly: false, sent: true });
  });

  it.each(['open', undefined])(
    'takes a 403 about a creation for the key’s, unless the order is finalized (B4, B8): %s',
    async (status) => {
      const found = { answer: 'found', order: status === undefined ? {} : { status } } as const;
      const refused = await callWith(claimed({}), { create: forbidden, get: found });
      const finalized = await callWith(claimed({}), {
        create: forbidden,
        get: { answer: 'found', order: { status: 'finalized' } },
      });

      expect(refused.result).toEqual({ result: 'try-again', reason: 'unauthorized' });
      expect(finalized).toMatchObject({ result: { result: 'refused', reason: 'too_late' } });
    },
  );

  it('says how long Button asks to wait, whatever it was asked (B2)', async () => {
    const busy = { answer: 'try-again', reason: 'http_429', afterMs: 12_000 } as const;
    const inDoubt = claimed({ doubt: { kind: 'unclear', hash: 'h-2' } });

    const ends = [
      await callWith(claimed({}), { create: busy }),
      await callWith(inDoubt, { get: busy }),
      await callWith(inDoubt, { get: { answer: 'not-found' }, getByToken: { ...DOWN, afterMs: 9000 } }),
    ];

    expect(ends.map(({ result }) => 'afterMs' in result && result.afterMs)).toEqual([12_000, 12_000, 9000]);
  });

  it('does not ask again about a 401: it is about nothing but the key (B4)', async () => {
    const { asked, result } = await callWith(claimed({}), {
      create: { answer: 'unauthorized', status: 401 },
    });

    expect([asked, result]).toEqual([['create'], { result: 'try-again', reason: 'unauthorized' }]);
  });

  it('sends nothing to an order that Button holds as deleted, and nothing where it holds the version (A20)', async () => {
    const inDoubt = claimed({ doubt: { kind: 'unclear', hash: 'h-2' } });
    const held = { status: 'open', total: order.total, currency: order.currency };

    const deleted = await callWith(inDoubt, {
      get: { answer: 'found', order: { ...held, status: 'deleted' } },
    });
    const same = await callWith(inDoubt, {
      get: { answer: 'found', order: { ...held, button_order_id: 'btnorder-1' } },
    });
    const other = await callWith(inDoubt, {
      get: { answer: 'found', order: { ...held, total: 1 } },
      update: done,
    });

    expect(deleted).toMatchObject({ asked: ['get'], result: { reason: 'deleted_at_button' } });
    expect(same).toMatchObject({
      asked: ['get'],
      result: { result: 'done', sent: false, buttonOrderId: 'btnorder-1' },
    });
    expect(other).toMatchObject({ asked: ['get', 'update'], result: { result: 'done', sent: true } });
  });

  it('creates what was looked for in vain, but nothing that was there before (A21)', async () => {
    const inDoubt = claimed({ doubt: { kind: 'unclear', hash: 'h-2' } });
    const known = claimed({ kind: 'updated', reported: {}, doubt: { kind: 'unclear', hash: 'h-2' } });

    const nowhere = { get: { answer: 'not-found' }, getByToken: { answer: 'not-found' } } as const;

    const created = await callWith(inDoubt, { ...nowhere, create: done });
    const missing = await callWith(known, nowhere);

    expect(created).toMatchObject({ asked: ['get', 'getByToken', 'create'], result: { result: 'done' } });
    expect(missing).toMatchObject({ asked: ['get', 'getByToken'], result: { reason: 'unknown_to_button' } });
  });

  it('looks by its token for what its id does not find, and goes by that answer (A22, B1)', async () => {
    const inDoubt = claimed({ doubt: { kind: 'unclear', hash: 'h-2' } });
    const held = { total: order.total, currency: order.currency };
    const get = { answer: 'not-found' } as const;

    const found = await callWith(inDoubt, { get, getByToken: { answer: 'found', order: held } });
    const absent = await callWith(inDoubt, { get, getByToken: { answer: 'not-found' }, create: done });
    const unread = await callWith(inDoubt, { get, getByToken: DOWN });

    expect(found).toMatchObject({ asked: ['get', 'getByToken'], result: { result: 'done', sent: false } });
    expect(absent.asked).toEqual(['get', 'getByToken', 'create']);
    expect(unread.asked).toEqual(['get', 'getByToken']);
    expect(unread.result).toEqual({ result: 'try-again', reason: 'http_503', isLookUp: true });
  });

  it.each([
    ['48 of its look-ups by token were not answered', DOWN, 48],
    ['6 of them were refused', { answer: 'unanswered', isRefused: true, reason: 'look_up_http_401' }, 6],
  ] as const)(
    'goes by the id alone when %s, and still by one that is answered',
    async (_what, unanswered, most) => {
      const tried = (failedLookUps: number) =>
        claimed({ doubt: { kind: 'unclear', hash: 'h-2' }, failedLookUps });
      const get = { answer: 'not-found' } as const;
      const held = { answer: 'found', order: { total: order.total, currency: order.currency } } as const;

      const before = await callWith(tried(most - 1), { get, getByToken: unanswered, create: done });
      const after = await callWith(tried(most), { get, getByToken: unanswered, create: done });
      const answered = await callWith(tried(most), { get, getByToken: held });

      expect(before.asked).toEqual(['get', 'getByToken']);
      expect(after.asked).toEqual(['get', 'getByToken', 'create']);
      expect(answered.asked).toEqual(['get', 'getByToken']);
    },
  );

  it('waits two hours for what Button has taken and does not show, unless its cancellation may have been carried out (B7)', async () => {
    const at = (minutesAgo: number) => new Date(now.getTime() - minutesAgo * 60_000).toISOString();
    const gone = { update: { answer: 'not-found' }, cancel: { answer: 'not-found' } } as const;
    const ends = async (kind: 'updated' | 'cancelled', reported: Partial<ReportedVersion>, doubt?: Doubt) =>
      (await callWith(claimed({ kind, reported, ...(doubt && { doubt }) }), gone)).result;
    const waits = { result: 'try-again', reason: 'not_found' };
    const isDone = { result: 'done', acceptedOnly: false, sent: true };
    const aboutIt = { kind: 'unclear', hash: 'h-2' } as const;

    expect(await ends('updated', { at: at(119) })).toEqual(waits);
    expect(await ends('updated', { at: at(120) })).toEqual({
      result: 'refused',
      reason: 'unknown_to_button',
    });
    expect(await ends('cancelled', { at: at(119) })).toEqual(waits);
    expect(await ends('cancelled', { at: at(120) })).toEqual(isDone);
    expect(await ends('cancelled', { at: at(1) }, aboutIt)).toEqual(isDone);
    expect(await ends('cancelled', { at: at(1) }, { ...aboutIt, hash: 'h-1' })).toEqual(waits);
    expect(await ends('cancelled', { at: at(1), kind: 'cancelled' })).toEqual(isDone);
    expect(await ends('cancelled', { at: at(119), acceptedOnly: true }, aboutIt)).toEqual(waits);
    expect(await ends('cancelled', { at: at(120), acceptedOnly: true })).toEqual(isDone);
  });

  it.each([
    [
      { answer: 'unauthorized', status: 401 },
      { result: 'try-again', reason: 'unauthorized' },
    ],
    [
      { answer: 'try-again', reason: 'http_503' },
      { result: 'try-again', reason: 'http_503' },
    ],
    [{ answer: 'not-found' }, { result: 'refused', reason: 'too_late' }],
    [
      { answer: 'found', order: { status: 'finalized' } },
      { result: 'refused', reason: 'too_late' },
    ],
  ] as const)(
    'takes a 403 about an update or a cancellation for the order’s only if the key still reads: %j (B4, B8)',
    async (get, result) => {
      const tooLate = { answer: 'too-late', detail: '' } as const;
      const updated = await callWith(claimed({ kind: 'updated', reported: {} }), { update: tooLate, get });
      const cancelled = await callWith(claimed({ kind: 'cancelled', reported: {} }), {
        cancel: tooLate,
        get,
      });

      expect([updated.asked, cancelled.asked]).toEqual([
        ['update', 'get'],
        ['cancel', 'get'],
      ]);
      expect([updated.result, cancelled.result]).toEqual([result, result]);
    },
  );

  it('takes a 403 about a cancellation for done where the order is deleted already (B7)', async () => {
    const { result } = await callWith(claimed({ kind: 'cancelled', reported: {} }), {
      cancel: { answer: 'too-late', detail: '' },
      get: { answer: 'found', order: { status: 'deleted' } },
    });

    expect(result).toEqual({ result: 'done', acceptedOnly: false, sent: true });
  });

  it('tries ten times what Button says is there and does not know yet, before it gives it up (B1)', async () => {
    const tried = async (attempts: number) =>
      (
        await callWith(
          { ...claimed({}), attempts },
          { create: { answer: 'exists' }, update: { answer: 'not-found' } },
        )
      ).result;

    expect(await tried(9)).toEqual({ result: 'try-again', reason: 'not_found' });
    expect(await tried(10)).toEqual({ result: 'refused', reason: 'unknown_to_button' });
  });
});

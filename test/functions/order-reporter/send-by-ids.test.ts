import { describe, expect, it } from 'vitest';

import { cancelByIds, updateByIds } from '../../../functions/order-reporter/send-by-ids.ts';
import type { OrderApi, OrderApiAnswer } from '../../../shared/button/order-api.ts';
import type { LedgerEntry } from '../../../shared/orders/rules/order-ledger.ts';

const version = { by: 'sequence', sequence: '2' } as const;
const about = { version, eventId: 'e', eventSource: 's', messageId: 'm', time: '2026-06-01T11:00:00.000Z' };
const order = { order_id: 'order-1', total: 1000, currency: 'USD', purchase_date: '2026-06-01T11:00:00Z' };
const base = { brand: 'acme', orderId: 'order-1', attempts: 0, warnings: [] };
const progress = { state: 'claimed', owner: 'run', until: '2026-06-01T12:00:00.000Z', hash: 'h' } as const;
const updated: LedgerEntry = { ...base, progress, newest: { ...about, kind: 'updated', hash: 'h', order } };
const cancelled: LedgerEntry = { ...base, progress, newest: { ...about, kind: 'cancelled', hash: 'h' } };

const missing = { answer: 'not-found' } as const;
const done = { answer: 'done', acceptedOnly: false, sent: true } as const;
const refusedWith = (status: number) => ({ answer: 'refused', detail: { status, type: 'error' } }) as const;
const readRefused = { answer: 'unanswered', isRefused: true, reason: 'http_400' } as const;
const down = { answer: 'unanswered', isRefused: false, reason: 'http_500' } as const;

/** The answers to the read of the brand's id, and to that of Button's after a refusal. */
type Reads = { entry?: LedgerEntry; read?: OrderApiAnswer; readAgain?: OrderApiAnswer };

/** Sends to Button's id and then to the brand's. Returns the answer and what was asked. */
async function send(
  answers: readonly [OrderApiAnswer, OrderApiAnswer?],
  { entry = updated, read = missing, readAgain = read }: Reads = {},
  ids: readonly string[] = ['btnorder-1', 'order-1'],
) {
  const asked: string[] = [];
  const get = (id: string): Promise<OrderApiAnswer> => {
    asked.push(`get ${id}`);
    return Promise.resolve(id === 'order-1' ? read : readAgain);
  };
  const call = (id: string): Promise<OrderApiAnswer> => {
    const isFirst = asked.length === 0;
    asked.push(`send ${id}`);
    return Promise.resolve(answers[isFirst ? 0 : 1] ?? missing);
  };
  const unused = () => Promise.reject(new Error('no create or look-up is sent'));
  const api: OrderApi = { get, getByToken: unused, create: unused, update: call, cancel: call };
  const cancels = entry.newest.kind === 'cancelled';
  const answer = await (cancels
    ? cancelByIds(ids, { entry, api })
    : updateByIds(ids, { entry, api }, (id) => api.update(id, order)));
  return { answer, asked };
}

describe.each([updated, cancelled])('a call about an order that was $newest.kind', (entry) => {
  const open = { answer: 'found', order: { button_order_id: 'btnorder-1', status: 'open' } } as const;

  it('ends with the first id that Button accepts', async () => {
    expect(await send([done], { entry })).toEqual({ answer: done, asked: ['send btnorder-1'] });
    expect(await send([missing, done], { entry, read: open })).toEqual({
      answer: done,
      asked: ['send btnorder-1', 'get order-1', 'send order-1'],
    });
  });

  it('reads nothing before a call by another of Button’s ids, or by the brand’s id if that is tried first', async () => {
    const { asked } = await send([missing, done], { entry }, ['btnorder-1', 'btnorder-2']);

    expect(asked).toEqual(['send btnorder-1', 'send btnorder-2']);
    expect((await send([done], { entry }, ['order-1'])).asked).toEqual(['send order-1']);
  });

  it('leaves another shop’s order alone', async () => {
    const read = { answer: 'found', order: { button_order_id: 'btnorder-9', status: 'open' } } as const;

    const { answer, asked } = await send([missing], { entry, read });

    expect(answer).toEqual(missing);
    expect(asked).toEqual(['send btnorder-1', 'get order-1']);
  });

  it('ends with an answer of Button’s that is about neither the id nor the content', async () => {
    const down = { answer: 'try-again', reason: 'http_429' } as const;

    expect(await send([down], { entry })).toEqual({ answer: down, asked: ['send btnorder-1'] });
  });

  it('ends with the first refusal if both ids are refused', async () => {
    expect((await send([refusedWith(400), refusedWith(422)], { entry })).answer).toEqual(refusedWith(400));
  });
});

describe('an update', () => {
  it('waits for a read that fails, but not for more than ten tries', async () => {
    const often = { ...updated, attempts: 99 };

    expect((await send([missing, done], { read: down })).answer).toEqual(down);
    expect((await send([missing, done], { read: down, entry: often })).answer).toEqual(done);
  });

  it('waits for a read that Button refuses, but not for more than six', async () => {
    const asks = (failedLookUps: number) =>
      send([missing, done], { read: readRefused, entry: { ...updated, failedLookUps, attempts: 9 } });

    expect((await asks(5)).answer).toEqual(readRefused);
    expect((await asks(6)).answer).toEqual(done);
  });

  it.each<[string, OrderApiAnswer, OrderApiAnswer]>([
    ['one id is refused, and the other is unknown', refusedWith(400), missing],
    ['one id is unknown, and the other is refused', missing, refusedWith(400)],
  ])(
    'is refused only if a read shows the order by the id that was refused, where %s',
    async (_what, first, second) => {
      const found = { answer: 'found', order: { button_order_id: 'btnorder-1', status: 'open' } } as const;
      const asks = async (read: OrderApiAnswer) => (await send([first, second], { read })).answer;

      expect(await asks(found)).toEqual(refusedWith(400));
      expect(await asks(missing)).toEqual({ ...missing, refusal: refusedWith(400).detail });
    },
  );

  it('finds no order if Button does not know the brand’s id, and refuses to read Button’s', async () => {
    const asks = async (readAgain: OrderApiAnswer, entry = updated) =>
      send([refusedWith(400), missing], { readAgain, entry });

    const { answer, asked } = await asks(readRefused, { ...updated, failedLookUps: 6 });
    expect([answer, asked.at(-1)]).toEqual([missing, 'get btnorder-1']);
    expect((await asks(readRefused)).answer).toEqual(readRefused);
    expect((await asks(down)).answer).toEqual(down);
    const often = await asks(down, { ...updated, attempts: 10 });
    expect(often.answer).toEqual({ ...missing, refusal: refusedWith(400).detail });
  });

  it('does not wait for a refused read after Button has refused the update by Button’s id', async () => {
    const { answer, asked } = await send([refusedWith(400), done], { read: readRefused });

    expect(answer).toEqual(done);
    expect(asked).toEqual(['send btnorder-1', 'get order-1', 'send order-1']);
    expect((await send([refusedWith(400), done], { read: down })).answer).toEqual(down);
  });

  it('is refused if Button refuses both ids, in calls and in reads', async () => {
    const entry = { ...updated, failedLookUps: 6 };
    const both = await send([refusedWith(400), refusedWith(422)], { read: readRefused, entry });

    expect(both.answer).toEqual(refusedWith(400));
  });

  it('finds no order if Button knows neither id, or refuses the brand’s id in reads too', async () => {
    expect((await send([missing, missing])).answer).toEqual(missing);
    const entry = { ...updated, failedLookUps: 6 };
    expect((await send([missing, refusedWith(400)], { read: readRefused, entry })).answer).toEqual(missing);
  });
});

describe('a cancellation', () => {
  const gone = { ...missing, refusal: refusedWith(400).detail };

  it.each<[string, OrderApiAnswer, OrderApiAnswer, OrderApiAnswer]>([
    ['Button’s id is refused, and the brand’s is unknown', refusedWith(400), missing, missing],
    ['Button’s id is unknown, and the brand’s is refused', missing, missing, refusedWith(400)],
    ['the brand’s id is refused in reads too', refusedWith(400), readRefused, refusedWith(422)],
  ])('finds no order, and says what was refused, if %s', async (_what, first, read, second) => {
    const entry = { ...cancelled, failedLookUps: 6 };
    expect((await send([first, second], { entry, read })).answer).toEqual(gone);
  });

  it('waits for a refused read of the brand’s id, even after Button has refused Button’s id', async () => {
    const asks = (failedLookUps: number) =>
      send([refusedWith(409), done], { entry: { ...cancelled, failedLookUps }, read: readRefused });

    expect(await asks(5)).toEqual({ answer: readRefused, asked: ['send btnorder-1', 'get order-1'] });
    expect((await asks(6)).asked).toContain('send order-1');
  });

  it('that may have been carried out is never sent by the brand’s id without a read: that may be another shop’s order', async () => {
    const doubt = { kind: 'unclear', hash: 'h' } as const;
    const asks = (read: OrderApiAnswer) => {
      const entry = { ...cancelled, progress: { ...progress, doubt }, failedLookUps: 6, attempts: 10 };
      return send([missing, done], { entry, read });
    };

    for (const read of [readRefused, down])
      expect(await asks(read)).toEqual({ answer: missing, asked: ['send btnorder-1', 'get order-1'] });
    expect((await asks(missing)).asked).toContain('send order-1');
  });

  it('by the brand’s id is unconfirmed unless a read has shown the order there, or shows it as gone', async () => {
    const found = (status: string) => ({ answer: 'found', order: { status } }) as const;
    const asks = async (read: OrderApiAnswer, readAgain: OrderApiAnswer = missing, failedLookUps = 0) => {
      const entry = { ...cancelled, failedLookUps };
      return (await send([missing, done], { entry, read, readAgain })).answer;
    };

    expect(await asks(found('open'))).toEqual(done);
    expect(await asks(missing, found('deleted'))).toEqual(done);
    for (const readAgain of [found('open'), missing, down, readRefused])
      expect(await asks(missing, readAgain)).toEqual({ answer: 'unconfirmed' });
    expect(await asks(missing, readRefused, 6)).toEqual(done);
  });
});

import { describe, expect, it } from 'vitest';

import { orderFinding, type KnownOrder } from '../../../ops/timeline/order-finding.ts';
import { findingsAsText } from '../../../ops/timeline/finding.ts';
import { PROGRESS_STATES, sampleEntry, sampleQuarantined } from './samples.ts';

const NOTHING: KnownOrder = { brand: 'acme', orderId: 'B07', state: undefined, entries: [], byHand: [] };

describe('what happened to an order', () => {
  it('says why a version that was never sent was refused, where, how to fix it, and which command to use', () => {
    const finding = orderFinding({ ...NOTHING, entries: [sampleQuarantined({ id: 'm-1' })] });

    expect(finding.answer).toMatch(/We refused it: one message .* never sent/);
    expect(finding.timeline).toEqual([
      {
        at: '2026-06-01T12:00:00.000Z',
        what: 'Refused: version 3 (updated) is in quarantine as entry m-1. total_not_sum at $.data.total: Not the sum. Send the sum.',
      },
    ]);
    expect(finding.next.join('\n')).toContain('m-1');
  });

  it('does not call an order refused whose entry was replayed, and names the result of the replay', () => {
    const replayed = { replayedAt: '2026-06-02T12:00:00.000Z', replays: 1, refusedAgainAs: 'm-2' };
    const finding = orderFinding({ ...NOTHING, entries: [sampleQuarantined({ id: 'm-1', ...replayed })] });

    expect(finding.answer).not.toContain('Refused');
    expect(finding.timeline.at(-1)).toEqual({
      at: '2026-06-02T12:00:00.000Z',
      what: 'Replayed by hand: entry m-1; the replay was refused as entry m-2',
    });
  });

  it('sorts the ledger, the quarantine and the actions of people by time, offsets included', () => {
    const finding = orderFinding({
      ...NOTHING,
      state: sampleEntry({ state: 'settled' }),
      entries: [sampleQuarantined({ id: 'm-1', refusedAt: '2026-06-01T10:00:30.000Z' })],
      byHand: [{ at: '2026-06-01T12:00:31+02:00', what: 'By hand' }],
    });

    const instants = finding.timeline.map(({ at }) => Date.parse(at));
    expect(instants).toEqual(instants.toSorted((one, other) => one - other));
    expect(finding.timeline.map(({ what }) => what.split(/[ :]/)[0])).toEqual([
      'At',
      'Received',
      'Refused',
      'By',
      'Sent',
    ]);
    expect(finding.answer).toMatch(/^Button holds version 3 \(updated\), USD 70\.00\. Also, one message/);
  });

  it('names no next try for a version that waits until calls for its brand are no longer stopped', () => {
    const dueAt = '2026-06-01T12:00:00.000Z';
    const finding = orderFinding({
      ...NOTHING,
      state: sampleEntry({ state: 'waiting', dueAt, reason: 'breaker_open' }),
    });

    expect(finding.answer).not.toContain('the next try is due');
    expect(finding.answer).toContain(`it has been due since ${dueAt}`);
    expect(finding.next[0]).toBe('npm run ops -- breaker-show --brand acme');
  });

  it.each(PROGRESS_STATES)('says what a version in $state waits for, and what can be done', (progress) => {
    const { answer, next } = orderFinding({ ...NOTHING, state: sampleEntry(progress) });

    expect(answer).toContain('version 3 (updated), USD 70.00');
    if ('reason' in progress) expect(answer).toContain(progress.reason);
    if ('dueAt' in progress) expect(answer).toContain(progress.dueAt);
    if (progress.state !== 'claimed') expect(next.join('\n')).toMatch(/npm run ops -- order/);
  });

  it('prints no command line if there is none, and nothing of the order itself', () => {
    const entry = sampleEntry({ state: 'claimed', owner: 'run', until: 'soon', hash: 'h' });
    const text = findingsAsText([orderFinding({ ...NOTHING, state: entry })]);

    expect(text).not.toContain('What you can do');
    expect(text).not.toContain('customer-of-the-sample');
  });

  it('names what the total of a refused order is, and what its lines add up to', () => {
    const line = (total: number) => ({ total, quantity: 1 });
    const bytes = message({ total: 999, line_items: [line(4000), line(3000)] });
    const { differences } = orderFinding({ ...NOTHING, entries: [sampleQuarantined({ bytes })] });

    expect(differences).toEqual(['$.data.total: 999, but its lines add up to 7000']);
  });

  it('names each field in which two messages of one version differ, with both values', () => {
    const { differences } = orderFinding({
      ...NOTHING,
      state: sampleEntry({ state: 'settled' }),
      entries: [
        sampleQuarantined({
          reasons: [{ code: 'version_conflict', path: '$.sequence', problem: 'Other content' }],
          bytes: message({
            order_id: 'B07',
            total: 4000,
            currency: 'USD',
            purchase_date: '2026-06-01T11:58:00.250+02:00',
            customer: { id: 'somebody else' },
            btn_ref: 'fakesrctok-abcdef0123456789',
          }),
        }),
      ],
    });

    expect(differences).toEqual([
      '$.data.total: 4000, but the version that we hold has 7000',
      '$.data.customer.id: a value that is not shown, but the version that we hold has another',
    ]);
  });

  it.each([
    ['$.data.customer.id', { customer: { id: 4_917_012_345 } }],
    ['$.data.phone', { phone: 4_917_012_345 }],
    ['$.data.currency', { currency: 'Jane Doe, 4917012345' }],
  ])('shows no value that may be personal, at %s', (path, data) => {
    const reasons = [path, '$.data.total'].map((at) => ({ code: 'any', path: at, problem: 'Not right' }));
    const { differences } = orderFinding({
      ...NOTHING,
      entries: [sampleQuarantined({ reasons, bytes: message({ ...data, total: -1 }) })],
    });

    expect(differences).toEqual(['$.data.total: -1']);
  });

  it('names the entry of a difference if there are several', () => {
    const entries = ['m-1', 'm-2'].map((id) => sampleQuarantined({ id, bytes: message({ total: 999 }) }));

    expect(orderFinding({ ...NOTHING, entries }).differences).toEqual([
      'entry m-1, $.data.total: 999',
      'entry m-2, $.data.total: 999',
    ]);
  });

  it('names no difference of an entry that was replayed, or that is not JSON', () => {
    const replayed = sampleQuarantined({
      bytes: message({ total: 999 }),
      replayedAt: '2026-06-02T12:00:00.000Z',
    });
    const unreadable = sampleQuarantined({ id: 'm-2', bytes: Buffer.from('{') });

    expect(orderFinding({ ...NOTHING, entries: [replayed, unreadable] }).differences).toEqual([]);
  });
});

function message(data: object): Uint8Array {
  return Buffer.from(JSON.stringify({ type: 'order.updated.v1', sequence: '3', data }));
}

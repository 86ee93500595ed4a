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
});

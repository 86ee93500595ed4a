import { describe, expect, it } from 'vitest';

import { transactionFinding } from '../../../ops/timeline/transaction-finding.ts';
import { rewardAnswer } from '../../../ops/timeline/reward-answer.ts';
import { NOT_REWARDABLE_REASONS } from '../../../shared/validation/webhooks/rewardable.ts';
import pendingWebhook from '../../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { readLater, recordOf, SHOPPER } from './samples.ts';

const NOW = new Date('2026-06-10T00:00:00Z');
const OVERDUE = {
  windows: new Map([['org-quick', 10 * 1440]]),
  finalizationDays: 60,
  graceDays: 5,
  at: NOW.toISOString(),
};
const CONTEXT = { byHand: [], overdue: OVERDUE };

describe('what happened to a transaction', () => {
  it('shows which webhook brought what, the oldest first, and where the reward is', () => {
    const validated = { status: 'validated', amount: 400, validated_date: '2026-06-05T00:00:00Z' };
    const finding = transactionFinding(recordOf({ amount: 300 }, validated), CONTEXT);

    const received = finding.timeline.filter(({ what }) => what.startsWith('Received'));
    expect(received.map(({ what }) => what)).toEqual([
      expect.stringContaining('webhook hook-0: pending, USD 3.00'),
      expect.stringContaining('webhook hook-1: validated, USD 4.00'),
    ]);
    expect(finding.answer).toBe(
      'Validated on 2026-06-05: USD 4.00 is final, and the shopper may be rewarded.',
    );
    expect(JSON.stringify(finding)).not.toContain(SHOPPER);
  });

  it('names the field of a conflict with both values, does not show whose it is, and says what is next', () => {
    const other = { id: 'tx-other', status: 'validated', amount: 400, publisher_customer_id: 'another' };
    const finding = transactionFinding(recordOf({ status: 'validated', amount: 300 }, other), CONTEXT);

    const ids = [pendingWebhook.data.id, 'tx-other'];
    expect(finding.answer).toContain('In conflict');
    expect(finding.differences).toContainEqual(
      expect.stringMatching(/^amountMinor: (300|400) \(.*\), (300|400) \(.*\)$/),
    );
    expect(finding.differences).toContainEqual(expect.stringMatching(/^publisherCustomerId differs/));
    expect(JSON.stringify(finding)).not.toContain(SHOPPER);
    for (const id of ids)
      expect(finding.next.join('\n')).toMatch(new RegExp(`transaction-settle .* --id ${id}`));
  });

  it('names what drifted, with the value of the webhook and the one that was read, and says what is next', () => {
    const record = readLater(recordOf({ amount: 300 }), { amount: 400, publisher_customer_id: 'another' });
    const { differences, next } = transactionFinding(record, CONTEXT);

    expect(differences).toEqual([
      'amountMinor: 300 (by webhook), 400 (read from the API: no webhook had brought it)',
      expect.stringMatching(/^modifiedDate: /),
      expect.stringMatching(/^publisherCustomerId differs/),
    ]);
    expect(next).toContainEqual(expect.stringMatching(/drift-show acc-\w+ --from 2026-06-02$/));
  });

  it('names no drift if a webhook had brought what was read, or nothing was known before', () => {
    const known = recordOf({ amount: 300 });

    expect(transactionFinding(readLater(known, { amount: 300 }, 0), CONTEXT).differences).toEqual([]);
    expect(transactionFinding(readLater(undefined, {}), CONTEXT).differences).toEqual([]);
  });

  it('says so if no shopper is named', () => {
    const record = recordOf({ publisher_customer_id: null, pub_ref: null });

    expect(transactionFinding(record, CONTEXT).answer).toContain('It does not name the shopper.');
  });
});

describe('where a reward is', () => {
  const pending = { status: 'pending', amountMinor: 368, currency: 'USD' } as const;

  it('is pending until a date at which to ask, and overdue from that day on', () => {
    const day = 86_400_000;
    const created = (days: number) => new Date(NOW.getTime() - days * day).toISOString();

    expect(rewardAnswer({ ...pending, createdDate: created(64) }, OVERDUE)).toContain('from 2026-06-11 on');
    expect(rewardAnswer({ ...pending, createdDate: created(65) }, OVERDUE)).toContain(
      'overdue since 2026-06-10',
    );
    // The same days as the alarm's: the brand's own window, if Button gives one.
    const quick = { ...pending, commerceOrganization: 'org-quick' };
    expect(rewardAnswer({ ...quick, createdDate: created(14) }, OVERDUE)).toContain('from 2026-06-11 on');
    expect(rewardAnswer({ ...quick, createdDate: created(15) }, OVERDUE)).toContain(
      'overdue since 2026-06-10',
    );
  });

  it.each(NOT_REWARDABLE_REASONS)('says why nobody is rewarded: %s', (notRewardableReason) => {
    const status =
      notRewardableReason === 'conflict' || notRewardableReason === 'declined'
        ? notRewardableReason
        : 'validated';
    const answer = rewardAnswer(
      { ...pending, status, createdDate: '2026-06-01', notRewardableReason },
      OVERDUE,
    );

    expect(answer).toMatch(/Nobody is rewarded|no commission is paid|nobody is rewarded/);
    expect(answer).not.toContain('may be rewarded.');
  });
});

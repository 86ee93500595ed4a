import { describe, expect, it } from 'vitest';

import { ACCOUNT_CHECKS, type AccountCheck } from '../../local/smoke/account-checks.ts';
import { describeResults, playChecks } from '../../local/smoke/play-checks.ts';

const CHECKED = { stage: {} as never, webhookUrl: 'https://hooks.example' };
const ABOUT = { expected: 'this', source: 'https://docs.aws.amazon.com/page.html' };

describe('what only a real account shows', () => {
  it.each(ACCOUNT_CHECKS.map((check) => [check.title, check] as const))(
    '%s: says what to expect, and where AWS documents it',
    (_title, { expected, source }) => {
      expect(expected).toMatch(/\.$/);
      expect(source).toMatch(/^https:\/\/docs\.aws\.amazon\.com\/.+\.html$/);
    },
  );

  it('is checked one by one, whatever the previous result', async () => {
    const checks: AccountCheck[] = [
      { ...ABOUT, title: 'fails', look: () => Promise.reject(new Error('answered 503')) },
      { ...ABOUT, title: 'passes', look: ({ webhookUrl }) => Promise.resolve(webhookUrl) },
      { ...ABOUT, title: 'is for somebody', byHand: 'curl it' },
    ];

    const results = await playChecks(checks, CHECKED);

    expect(results.map(({ outcome, seen }) => [outcome, seen])).toEqual([
      ['failed', 'answered 503'],
      ['passed', 'https://hooks.example'],
      ['byHand', 'curl it'],
    ]);
    expect(describeResults(results).slice(0, 5)).toEqual([
      '',
      'fails',
      '   expected: this',
      '   ✘ seen: answered 503',
      '   https://docs.aws.amazon.com/page.html',
    ]);
  });
});

import { stripVTControlCharacters } from 'node:util';

import { describe, expect, it } from 'vitest';

import { checkedAsText } from '../../ops/check/check-messages.ts';
import { asText } from '../../ops/print.ts';
import { runOps } from '../../ops/run.ts';
import { findingsAsText } from '../../ops/timeline/finding.ts';
import { onOneLine, visible } from '../../ops/visible.ts';

/** Clears the screen, hides what follows, adds a line of its own, and turns the line around. */
const HOSTILE = 'B07\u001B[2J\u001B[8m\u009B1A\u007F\r\n\nnext: rm\u202E';
const OBEYED = /[^\P{Cc}\n]|[\u202A-\u202E]/u;

describe('a value of somebody else on a terminal', () => {
  it('is written as JSON escapes it, and our own colours stay', () => {
    expect(visible('\u001B[31mFIX\u001B[39m a\u001B[2Jb\u009Bc\u202E\td\n')).toBe(
      '\u001B[31mFIX\u001B[39m a\\u001b[2Jb\\u009bc\\u202e\td\n',
    );
    expect(onOneLine('a\nb\u001B[31m\t')).toBe('a\\nb\\u001b[31m\\t');
    expect(visible('注文 é 🧾')).toBe('注文 é 🧾');
  });

  it.each([
    ['in a list of fields', asText({ id: HOSTILE, more: [HOSTILE] })],
    ['in a table', stripVTControlCharacters(asText({ rows: [{ id: HOSTILE, a: 1, b: [HOSTILE] }] }, 200))],
    [
      'in a timeline',
      findingsAsText([
        {
          ...{ kind: 'order', id: HOSTILE, title: HOSTILE, answer: HOSTILE, differences: [HOSTILE] },
          ...{ timeline: [{ at: '2026-01-31T00:00:00Z', what: HOSTILE }], next: [HOSTILE] },
        },
      ]),
    ],
    [
      'in checked messages',
      checkedAsText([
        { message: 1, line: 1, orderId: HOSTILE, verdict: 'valid', violations: [], warnings: [] },
      ]),
    ],
  ])('%s moves nothing, and begins no line', (_where, text) => {
    expect(text).not.toMatch(OBEYED);
    expect(text).not.toMatch(/^next: rm/m);
    expect(text).toContain('B07');
  });

  it('keeps the lines of a long value apart from other values', () => {
    expect(asText({ bytes: '{\n  "id": 1\n}', count: 1 })).toBe('bytes: {\n  |   "id": 1\n  | }\ncount: 1\n');
  });

  it('moves nothing in a problem, and keeps its meaning in JSON', async () => {
    const printed = { out: '', err: '' };
    await runOps(['order-\u009B2Jshow', '--json'], {
      out: (text) => (printed.out += text),
      err: (text) => (printed.err += text),
    });

    expect(printed.out + printed.err).not.toMatch(OBEYED);
    expect(JSON.parse(printed.out)).toMatchObject({
      found: { problem: 'There is no command "order-\u009B2Jshow". Did you mean "order-show"?' },
    });
  });
});

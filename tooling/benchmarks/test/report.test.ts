import { describe, expect, it } from 'vitest';

import type { Measurement } from '../measurement.ts';
import { describeOccasion, toMarkdown, toPage } from '../report.ts';

const MEASUREMENT: Measurement = {
  id: 'case',
  title: 'A case',
  explanation: 'What it measures.',
  figures: [{ subject: 'ours', values: { ms: 3 } }],
  bars: [
    { claim: 'ours / peer', value: 0.5, quartiles: [0.4, 0.6], atMost: 0.66 },
    { claim: 'ours / floor', value: 3, atMost: 2.8 },
    { claim: 'pace', value: 0.1, atLeast: 0.08, goal: { value: 0.2, obstacle: 'One thread does it all.' } },
  ],
  headlines: [
    {
      figure: 'a case, ms',
      ours: 3,
      peer: { name: 'typical stack', value: 6 },
      floor: 1,
      goal: '≤ 0.66 × peer',
    },
  ],
};

/** The cells of the row that begins with this text. */
function cells(page: string, first: string): string[] | undefined {
  const line = page.split('\n').find((one) => one.startsWith(`| ${first} |`));
  return line
    ?.split('|')
    .map((cell) => cell.trim())
    .slice(1, -1);
}

describe('a measured case', () => {
  it('says once what stands between several bars and their goals', () => {
    const goal = { value: 1, obstacle: 'It is written twice.' };
    const bars = ['CPU', 'dollars'].map((claim) => ({ claim, value: 2, atMost: 3, goal }));

    const page = toMarkdown({ ...MEASUREMENT, bars });

    expect(page.match(/Between .*/g)).toEqual([
      'Between the bars and the goals of _CPU_ and _dollars_: It is written twice.',
    ]);
  });

  it('shows each bar with its quartiles and its goal, and what stands between the two', () => {
    const page = toMarkdown(MEASUREMENT);

    expect(cells(page, 'ours / peer')).toEqual([
      'ours / peer',
      '0.5',
      '0.4 to 0.6',
      '≤ 0.66',
      '≤ 0.66',
      'met',
    ]);
    expect(cells(page, 'ours / floor')).toEqual(['ours / floor', '3', '', '≤ 2.8', '≤ 2.8', '**missed**']);
    expect(cells(page, 'pace')).toEqual(['pace', '0.1', '', '≥ 0.08', '≥ 0.2', 'goal missed']);
    expect(page).toContain('Between the bar and the goal of _pace_: One thread does it all.');
  });
});

describe('the page', () => {
  it('begins with one table of what matters: ours, the best peer, the floor and the goal', () => {
    const page = toPage([MEASUREMENT], describeOccasion(1, 0));

    expect(page.split('\n').slice(0, 3)).toEqual([
      '# Benchmarks',
      '',
      '| figure | ours | best peer | floor | goal |',
    ]);
    expect(cells(page, 'a case, ms')).toEqual(['a case, ms', '3', '6 (typical stack)', '1', '≤ 0.66 × peer']);
  });
});

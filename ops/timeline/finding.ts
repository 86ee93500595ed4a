import { onOneLine } from '../visible.ts';

/** Something that happened, in words. `at` is an ISO 8601 instant. */
export type Moment = { at: string; what: string };

/** What is known of one item, for people. It contains no personal data. */
export type Finding = {
  kind: 'order' | 'transaction' | 'shopper' | 'webhook' | 'row';
  id: string;
  title: string;
  /** Its current state, in a sentence or two. */
  answer: string;
  /** The contradictions, one difference each. */
  differences: readonly string[];
  /** The oldest first. */
  timeline: readonly Moment[];
  /** What you can do now: commands to paste. */
  next: readonly string[];
};

/** Moments in the order of time; those of one instant keep the given order. Pure. */
export function inTimeOrder(moments: readonly Moment[]): Moment[] {
  return moments.toSorted(({ at: one }, { at: other }) => Date.parse(one) - Date.parse(other));
}

/** Findings as a page for people. Pure. */
export function findingsAsText(findings: readonly Finding[]): string {
  return findings.map(findingAsText).join('\n');
}

function findingAsText({ title, answer, differences, timeline, next }: Finding): string {
  const lines = [
    title,
    `  ${answer}`,
    ...differences.map((difference) => `  - ${difference}`),
    '',
    ...timeline.map(({ at, what }) => `  ${at.padEnd(WIDEST_INSTANT)}  ${what}`),
    ...(next.length > 0 ? ['', '  What you can do now:', ...next.map((line) => `    ${line}`)] : []),
  ];
  return `${lines.map(onOneLine).join('\n')}\n`;
}

const WIDEST_INSTANT = '2026-01-31T00:00:00.000Z'.length;

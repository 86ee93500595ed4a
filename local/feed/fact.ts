import { styleText } from 'node:util';

/** One thing that happened, as `npm start` prints it. */
export type Fact = {
  /** The same as long as it is the same fact: it is printed once. */
  key: string;
  about: 'order' | 'webhook' | 'event' | 'alarm';
  text: string;
  /** `bad` needs attention; `good` is an end that was wanted. */
  mood: 'good' | 'plain' | 'bad';
};

const COLOURS = { good: 'green', plain: 'reset', bad: 'red' } as const;

/** The facts that are not among those printed before, which are remembered. */
export function newFacts(facts: readonly Fact[], printed: Set<string>): Fact[] {
  return facts.filter(({ key }) => {
    if (printed.has(key)) return false;
    printed.add(key);
    return true;
  });
}

/** One line, with the time of day in UTC; in colour on a terminal. */
export function factAsLine({ about, text, mood }: Fact, at: Date): string {
  const time = styleText('dim', at.toISOString().slice(11, 19));
  return `${time}  ${styleText('bold', about.padEnd(8))}${styleText(COLOURS[mood], text)}`;
}

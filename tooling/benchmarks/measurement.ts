/** One line of a case's table: who, and its figures by column. */
export type Figure = { subject: string; values: Readonly<Record<string, number>> };

/** What a case holds us to. */
export type Bar = {
  /** In a few words: `cold start, ours / typical stack`. */
  claim: string;
  value: number;
  /** The first and the third quartile, of what was measured in rounds. */
  quartiles?: readonly [number, number];
  /** One of the two. */
  atMost?: number;
  atLeast?: number;
  /** What we want, where the bar is not there yet, and what stands in the way. */
  goal?: { value: number; obstacle: string };
};

/** A line of the table that the page begins with. Every number is of the same figure. */
export type Headline = {
  /** What it is a number of, and its unit. */
  figure: string;
  ours: number;
  /** The best of the other ways of doing it, by name. */
  peer?: { name: string; value: number };
  floor?: number;
  /** In words, such as `≤ 1.15 × peer`. */
  goal: string;
};

/** What a case came to. */
export type Measurement = {
  id: string;
  title: string;
  /** What is measured, how, and against what: for whoever reads the table. */
  explanation: string;
  figures: readonly Figure[];
  bars: readonly Bar[];
  headlines?: readonly Headline[];
};

/** Whether the bar is cleared. */
export function isMet({ value, atMost = Infinity, atLeast = -Infinity }: Bar): boolean {
  return value <= atMost && value >= atLeast;
}

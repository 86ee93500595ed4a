/** One row of a case's table: its subject, and its figures by column. */
export type Figure = { subject: string; values: Readonly<Record<string, number>> };

/** A limit that a case must meet. */
export type Bar = {
  /** A short description, such as `cold start, ours / typical stack`. */
  claim: string;
  value: number;
  /** The first and the third quartile of values that were measured in rounds. */
  quartiles?: readonly [number, number];
  /** Exactly one of the two is given. */
  atMost?: number;
  atLeast?: number;
  /** The target, if the limit is not there yet, and what prevents it. */
  goal?: { value: number; obstacle: string };
};

/** A row of the table at the top of the page. All of its numbers are values of one figure. */
export type Headline = {
  /** The name of the figure and its unit. */
  figure: string;
  ours: number;
  /** The best peer, by name. */
  peer?: { name: string; value: number };
  floor?: number;
  /** In words, such as `≤ 1.15 × peer`. */
  goal: string;
};

/** The result of a case. */
export type Measurement = {
  id: string;
  title: string;
  /** What is measured, how, and against what, for the readers of the table. */
  explanation: string;
  figures: readonly Figure[];
  bars: readonly Bar[];
  headlines?: readonly Headline[];
};

/** The bar with its goal as its limit; a bar without a goal is its own. */
export function goalOf({ goal, ...bar }: Bar): Bar {
  if (goal === undefined) return bar;
  return { ...bar, ...(bar.atMost === undefined ? { atLeast: goal.value } : { atMost: goal.value }) };
}

/** Whether the limit is met. */
export function isMet({ value, atMost = Infinity, atLeast = -Infinity }: Bar): boolean {
  return value <= atMost && value >= atLeast;
}

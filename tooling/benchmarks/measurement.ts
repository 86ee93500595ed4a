/** One line of a case's table: who, and its figures by column. */
export type Figure = { subject: string; values: Readonly<Record<string, number>> };

/** What a case holds us to. */
export type Bar = {
  /** In a few words: `cold start, ours / typical stack`. */
  claim: string;
  value: number;
  /** One of the two. */
  atMost?: number;
  atLeast?: number;
};

/** What a case came to. */
export type Measurement = {
  id: string;
  title: string;
  /** What is measured, how, and against what: for whoever reads the table. */
  explanation: string;
  figures: readonly Figure[];
  bars: readonly Bar[];
};

/** Whether the bar is cleared. */
export function isMet({ value, atMost = Infinity, atLeast = -Infinity }: Bar): boolean {
  return value <= atMost && value >= atLeast;
}

/** What a code means, for people. */
export type Explanation = {
  /** Where the code occurs. */
  where: string;
  /** The rule, or what has happened. */
  rule: string;
  fix: string;
  source: string;
  bad: string;
  good: string;
};

/** Explanations with their common place and source, from rows of rule, fix, bad and good. Pure. */
export function explanations<Code extends string>(
  { where, source }: Pick<Explanation, 'where' | 'source'>,
  rows: Readonly<Record<Code, readonly [rule: string, fix: string, bad: string, good: string]>>,
): ReadonlyMap<string, Explanation> {
  const all = Object.entries<readonly [string, string, string, string]>(rows);
  return new Map(
    all.map(([code, [rule, fix, bad, good]]) => [code, { where, rule, fix, source, bad, good }]),
  );
}

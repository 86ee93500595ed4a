/**
 * The middle value. For an even number of values, it is the mean of the two in the middle; for no values,
 * NaN.
 */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? NaN;
  return (lower + upper) / 2;
}

/** The median and the first and third quartile of repeated measurements. */
export type Spread = { value: number; quartiles: readonly [number, number] };

/** The median and the quartiles, each interpolated between the two nearest values; NaN for no values. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number): number => {
    const place = (sorted.length - 1) * share;
    const [lower = NaN, upper = NaN] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    return lower + (upper - lower) * (place - Math.floor(place));
  };
  return { value: median(values), quartiles: [at(0.25), at(0.75)] };
}

/**
 * `of` as a multiple of `to`: the ratios within each round. A disturbance of the machine affects a whole
 * round, so it cancels out of a ratio, but not out of a ratio of medians.
 */
export function ratioOf(of: readonly number[], to: readonly number[]): Spread {
  return spreadOf(of.flatMap((value, round) => (to[round] === undefined ? [] : [value / to[round]])));
}

/**
 * Measures each subject once per round and returns the results by round. Each round starts with a different
 * subject.
 */
export async function inRounds<Subject extends string, Value>(
  subjects: readonly Subject[],
  rounds: number,
  measure: (subject: Subject) => Promise<Value>,
): Promise<Record<Subject, Value[]>> {
  const measured = new Map<Subject, Value[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < subjects.length; turn += 1) {
      const subject = subjects[(round + turn) % subjects.length];
      if (subject !== undefined) measured.get(subject)?.push(await measure(subject));
    }
  }
  return recordOf(subjects, (subject) => measured.get(subject) ?? []);
}

/** The names of a record's entries. */
export function namesOf<Name extends string>(entries: Readonly<Record<Name, unknown>>): Name[] {
  return Object.keys(entries).filter((name): name is Name => name in entries);
}

/** A record with a value for each name. */
function recordOf<Name extends string, Value>(
  names: readonly Name[],
  valueOf: (name: Name) => Value,
): Record<Name, Value> {
  const entries: Partial<Record<Name, Value>> = {};
  for (const name of names) entries[name] = valueOf(name);
  if (!isWhole(entries, names)) throw new Error('A name has no value.');
  return entries;
}

function isWhole<Name extends string, Value>(
  entries: Partial<Record<Name, Value>>,
  names: readonly Name[],
): entries is Record<Name, Value> {
  return names.every((name) => name in entries);
}

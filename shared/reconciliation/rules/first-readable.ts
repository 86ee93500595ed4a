/** The seconds to search, in whole seconds since 1970: `from` inclusive, `to` exclusive. */
export type SecondRange = { from: number; to: number };

/** How many seconds are tried one after the other before the steps grow. */
const ONE_BY_ONE = 8;

/**
 * The first second of the range that can be read, as far as about sixty tries can find it: the first eight
 * seconds one by one, then in steps that double, then by halving the last step. Undefined if none of the
 * tried seconds can be read.
 *
 * If readable seconds lie between unreadable ones, the result may be a later one, but never an unreadable
 * one. `isReadable` may throw to give up.
 */
export async function firstReadable(
  { from, to }: SecondRange,
  isReadable: (second: number) => Promise<boolean>,
): Promise<number | undefined> {
  let unreadable = from - 1;
  for (let step = 1; unreadable + 1 < to; step = unreadable - from < ONE_BY_ONE - 1 ? 1 : step * 2) {
    const tried = Math.min(unreadable + step, to - 1);
    if (await isReadable(tried)) return firstBetween(unreadable, tried, isReadable);
    unreadable = tried;
  }
  return undefined;
}

/** `unreadable` cannot be read, `readable` can. */
async function firstBetween(
  unreadable: number,
  readable: number,
  isReadable: (second: number) => Promise<boolean>,
): Promise<number> {
  if (readable - unreadable <= 1) return readable;
  const middle = Math.floor((unreadable + readable) / 2);
  return (await isReadable(middle))
    ? firstBetween(unreadable, middle, isReadable)
    : firstBetween(middle, readable, isReadable);
}

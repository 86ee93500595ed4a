import leven, { closestMatch } from 'leven';

/** ` Did you mean "…"?` for the word that was probably meant, or nothing. Pure. */
export function suggestion(word: string, known: readonly string[]): string {
  const closest = closestMatch(word, [...known]);
  if (closest === undefined || leven(word, closest) > Math.max(2, word.length / 3)) return '';
  return ` Did you mean "${closest}"?`;
}

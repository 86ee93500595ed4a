import { minorUnitDecimals } from '@button-serverless/validation/orders';
import type { QuarantineReason } from '../../shared/quarantine/quarantine-store.ts';

/** An amount as people write it: `USD 12.34`. Minor units of an unknown currency stay unchanged. Pure. */
export function money(amountMinor: number | null | undefined, currency: string | null | undefined): string {
  if (amountMinor === null || amountMinor === undefined) return 'an unknown amount';
  const decimals = minorUnitDecimals(currency ?? '');
  if (decimals === undefined) return `${amountMinor} minor units of ${currency ?? 'an unknown currency'}`;
  const digits = String(Math.abs(amountMinor)).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = decimals === 0 ? '' : `.${digits.slice(-decimals)}`;
  return `${currency ?? ''} ${amountMinor < 0 ? '-' : ''}${whole}${fraction}`;
}

/** A command line that can be pasted into a POSIX shell; `words` are quoted if necessary. Pure. */
export function opsLine(...words: readonly string[]): string {
  return ['npm run ops --', ...words.map(shellWord)].join(' ');
}

/** A word in the form that a POSIX shell takes literally. Pure. */
export function shellWord(word: string): string {
  return /^[\w./:@%+=-][\w./:@%+=#-]*$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Reasons in words: the first few, and how many more there are. Pure. */
export function reasonsInWords(reasons: readonly QuarantineReason[]): string {
  const shown = reasons.slice(0, MOST_REASONS).map(({ code, path, problem, fix }) => {
    const where = path === undefined ? '' : ` at ${path}`;
    return `${code}${where}: ${sentence(problem)}${fix === undefined ? '' : ` ${sentence(fix)}`}`;
  });
  const more = reasons.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(' | ');
}

const MOST_REASONS = 5;

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

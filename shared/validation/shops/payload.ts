import * as z from 'zod';

import { readExactAmount } from '../orders/exact-amount.ts';

/** A decimal of money or of a quantity, as text or as a number. */
export const DecimalSchema = z.union([z.string(), z.number()]).transform((value, context) => {
  const amount = readExactAmount(value);
  if (amount !== undefined) return amount;
  context.addIssue({ code: 'custom', message: 'no decimal' });
  return z.NEVER;
});

/** A decimal that may be left out, null or empty text: 0 then. */
export const OptionalDecimalSchema = z
  .union([z.literal('').transform(() => 0n), DecimalSchema])
  .nullish()
  .transform((amount) => amount ?? 0n);

/**
 * An id. A number above 2^53 has lost digits in JSON.parse, and is refused: two orders could become one.
 */
export const IdSchema = z.union([z.string().min(1), z.int()]).transform(String);

export const OptionalIdSchema = z
  .union([z.string(), z.int()])
  .nullish()
  .transform((id) => (id === null || id === undefined ? undefined : String(id)));

export const OptionalTextSchema = z.string().nullish();

/** A list that may be left out or null. */
export function optionalList<Item extends z.ZodType>(item: Item) {
  return z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
}

/** The text in a list of named values, as shops keep fields of one's own. */
export function findNamed(
  fields: readonly { name: string; value?: unknown }[],
  name: string,
): string | undefined {
  const value = fields.find((field) => field.name === name)?.value;
  return typeof value === 'string' ? value : undefined;
}

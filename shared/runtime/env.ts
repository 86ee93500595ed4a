import * as z from 'zod';

/** An environment variable holding a positive whole number; parsed to a number. */
export const positiveInteger = z
  .string()
  .regex(/^[1-9]\d{0,9}$/, 'must be a positive whole number')
  .transform(Number);

/** An environment variable holding a whole number of zero or more; parsed to a number. */
export const nonNegativeInteger = z
  .string()
  .regex(/^\d{1,10}$/, 'must be a whole number of zero or more')
  .transform(Number);

/** An environment variable that is `true` or `false`; parsed to a boolean. */
export const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/**
 * An environment variable holding an ISO 8601 instant with an offset; parsed to the same instant in UTC, with
 * milliseconds.
 */
export const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());

/**
 * Reads a function's environment through its schema.
 *
 * Throws an error that names every missing or malformed variable, never a value: a wrong environment is a
 * deployment fault, and failing at start makes it visible at once.
 */
export function parseEnvironment<Schema extends z.ZodType>(
  schema: Schema,
  environment: Record<string, string | undefined>,
): z.output<Schema> {
  const result = schema.safeParse(environment);
  if (!result.success) {
    const faults = result.error.issues.map((issue) => `${issue.path.join('.')} (${issue.code})`);
    throw new Error(`The function's environment is not valid: ${faults.join(', ')}`);
  }
  return result.data;
}

/** Texts, as a JSON list. */
export const textList = z.string().transform((text, context) => {
  const list = z.array(z.string()).safeParse(parseJson(text));
  if (list.success) return list.data;
  context.addIssue({ code: 'custom', message: 'is no JSON list of texts' });
  return z.NEVER;
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

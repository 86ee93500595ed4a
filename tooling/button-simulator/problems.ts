import type * as z from 'zod';

/** What is wrong with an input, on one line: each field and its problem. */
export function problemsOf(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; ');
}

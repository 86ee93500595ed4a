import * as z from 'zod';
import { PagePositionSchema } from './transaction-page.ts';

const CursorSchema = z.strictObject({
  from: PagePositionSchema,
  /** The parameters of its list, in a world where cursors carry them. */
  parameters: z.record(z.string(), z.string()).optional(),
});
export type Cursor = z.infer<typeof CursorSchema>;

/** The text of a cursor; callers must not look inside. */
export function writeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

/** A cursor from its text; undefined if it is not one of ours. */
export function readCursor(written: string): Cursor | undefined {
  try {
    return CursorSchema.safeParse(JSON.parse(Buffer.from(written, 'base64url').toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

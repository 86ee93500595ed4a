import * as z from 'zod';

import type { ShopperCursor } from '../../shared/transactions/store/shopper-index.ts';

const CursorSchema = z.tuple([z.string().min(1).max(2048), z.string().min(1).max(64)]);

/** Text that requests the page behind a cursor. It does not name the shopper. */
export function writePageToken({ pk, createdDate }: ShopperCursor): string {
  return Buffer.from(JSON.stringify([pk, createdDate])).toString('base64url');
}

/** The cursor in a token; `invalid` for any other text. Pure. */
export function readPageToken(token: string): ShopperCursor | 'invalid' {
  const cursor = CursorSchema.safeParse(parseOrUndefined(Buffer.from(token, 'base64url').toString('utf8')));
  if (!cursor.success) return 'invalid';
  const [pk, createdDate] = cursor.data;
  return { pk, createdDate };
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

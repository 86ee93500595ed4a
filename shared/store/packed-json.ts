import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Packs text for a DynamoDB item: deflated, because every kilobyte begun costs a write unit. */
export function packText(text: string | Uint8Array): Uint8Array {
  return deflateRawSync(text);
}

/** The text that was packed. Throws on bytes that `packText` did not make. */
export function unpackText(bytes: Uint8Array): string {
  return inflateRawSync(bytes).toString('utf8');
}

/** Packs a value as JSON. */
export function packJson(value: unknown): Uint8Array {
  return packText(JSON.stringify(value));
}

/** The value that was packed. Throws on bytes that `packJson` did not make. */
export function unpackJson(bytes: Uint8Array): unknown {
  return JSON.parse(unpackText(bytes));
}

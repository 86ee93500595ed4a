import { hash } from 'node:crypto';

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const MAX_KEY_BYTES = 2048;

/**
 * The key of a shopper in the index by shopper: the shopper, or a digest if DynamoDB would reject the shopper
 * as a key because it is too long. Undefined for an empty one, which is no shopper. Pure.
 */
export function shopperKey(shopper: string): string | undefined {
  if (shopper === '') return undefined;
  return Buffer.byteLength(shopper) <= MAX_KEY_BYTES ? shopper : `sha256:${hash('sha256', shopper)}`;
}

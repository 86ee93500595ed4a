import { createHash } from 'node:crypto';

/**
 * The value of `customer.email_sha256` for a plain address: SHA-256 in lower-case hex over the trimmed,
 * lower-case address in UTF-8.
 *
 * Undefined if `email` is not an address, so that guests without one do not all get the hash of an empty
 * text: omit the field then. Source: Reporting Orders, "Customer Object" (lower-case, hex); Button's client
 * libraries also trim.
 */
export function hashEmail(email: string | null | undefined): string | undefined {
  const address = email?.trim().toLowerCase() ?? '';
  if (!/^.+@.+$/s.test(address)) return undefined;
  return createHash('sha256').update(address, 'utf8').digest('hex');
}

const UPC_E = /^[01]\d{7}$/;

/**
 * Expands a UPC-E to the 12 digits of its UPC-A, which Button expects (Reporting Orders, "Line Items
 * Object").
 *
 * `upcE` has 8 digits: number system 0 or 1, six digits, check digit. The check digit is that of the UPC-A;
 * it is copied and not verified, because Button's own samples have wrong ones. Undefined for anything else,
 * such as an EAN-8. Source: GS1 General Specifications, "UPC-E barcode", rules of zero suppression.
 */
export function expandUpcE(upcE: string): string | undefined {
  if (!UPC_E.test(upcE)) return undefined;
  const system = upcE.charAt(0);
  const digits = upcE.slice(1, 7);
  const check = upcE.charAt(7);
  return `${system}${insertZeros(digits)}${check}`;
}

/** The last of the six digits says where the zeros were. */
function insertZeros(digits: string): string {
  const last = digits.charAt(5);
  switch (last) {
    case '0':
    case '1':
    case '2':
      return `${digits.slice(0, 2)}${last}0000${digits.slice(2, 5)}`;
    case '3':
      return `${digits.slice(0, 3)}00000${digits.slice(3, 5)}`;
    case '4':
      return `${digits.slice(0, 4)}00000${digits.slice(4, 5)}`;
    default:
      return `${digits.slice(0, 5)}0000${last}`;
  }
}

/**
 * The 12 digits of a product code that stands for a UPC, which Button expects (Reporting Orders, "Line Items
 * Object"): for a UPC-E with a valid check digit, and for a GTIN-13 or GTIN-14 that is a UPC with leading
 * zeros. Any other text is returned unchanged.
 */
export function normalizeUpc(upc: string): string {
  if (/^0\d{12}$|^00\d{12}$/.test(upc)) return upc.slice(-12);
  const upcA = expandUpcE(upc);
  return upcA !== undefined && hasGtinCheckDigit(upcA) ? upcA : upc;
}

/**
 * Whether the text is a GTIN: 8, 12, 13 or 14 digits, the last of which is the check digit of the others (GS1
 * General Specifications).
 */
export function isGtin(text: string): boolean {
  return /^(?:\d{8}|\d{12,14})$/.test(text) && hasGtinCheckDigit(text);
}

/**
 * The `upc` of a line for a product code as shops keep it, with spaces and hyphens: the 12 digits if it
 * stands for a UPC, the GTIN if it is another one. Undefined for any other text: leave the field out then.
 */
export function readProductCode(text: string | null | undefined): string | undefined {
  const code = normalizeUpc((text ?? '').replaceAll(/[\s-]/g, ''));
  return isGtin(code) ? code : undefined;
}

/**
 * From the right, digits have the weights three and one in turn; with the check digit the sum is a multiple
 * of ten.
 */
function hasGtinCheckDigit(digits: string): boolean {
  const sum = Array.from(digits)
    .toReversed()
    .reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 3), 0);
  return sum % 10 === 0;
}

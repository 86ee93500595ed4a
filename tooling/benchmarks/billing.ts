/** An attribute value as the API writes it: `{"S": "text"}`. */
export type AttributeJson = Readonly<Record<string, unknown>>;

/** An item as the API writes it. */
export type ItemJson = Readonly<Record<string, AttributeJson>>;

const WRITE_UNIT_BYTES = 1024;
const READ_UNIT_BYTES = 4096;

/**
 * Write units of one item in an on-demand table: one for each started kilobyte of the old or the new item,
 * whichever is larger. A write whose condition fails costs what the current item costs, at least one unit.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html ("Write
 * operations")
 */
export function writeUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / WRITE_UNIT_BYTES));
}

/**
 * Read units of one item: half a unit for each started four kilobytes in an eventually consistent read, one
 * unit in a strongly consistent read. A missing item costs as much as a small one.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html ("Read
 * operations")
 */
export function readUnits(bytes: number, { consistent }: { consistent: boolean }): number {
  return Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES)) * (consistent ? 1 : 0.5);
}

/**
 * The size of an item, in bytes: its attributes' names and values.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function itemBytes(item: ItemJson): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value),
    0,
  );
}

/** A list or map takes three bytes, and one more for each element. */
const CONTAINER_BYTES = 3;
const ELEMENT_BYTES = 1;

function valueBytes(value: AttributeJson): number {
  const [[type, content] = []] = Object.entries(value);
  switch (type) {
    case 'S':
      return Buffer.byteLength(String(content));
    case 'N':
      return numberBytes(String(content));
    case 'B':
      return Buffer.from(String(content), 'base64').length;
    case 'BOOL':
    case 'NULL':
      return 1;
    case 'SS':
      return listOf(content).reduce((sum: number, text) => sum + Buffer.byteLength(String(text)), 0);
    case 'NS':
      return listOf(content).reduce((sum: number, text) => sum + numberBytes(String(text)), 0);
    case 'L':
      return listOf(content).reduce(
        (sum: number, element) => sum + ELEMENT_BYTES + (isObject(element) ? valueBytes(element) : 0),
        CONTAINER_BYTES,
      );
    case 'M':
      return Object.entries(isObject(content) ? content : {}).reduce(
        (sum, [name, element]) =>
          sum + ELEMENT_BYTES + Buffer.byteLength(name) + (isObject(element) ? valueBytes(element) : 0),
        CONTAINER_BYTES,
      );
    default:
      throw new Error(`Nothing is known about the size of the type ${type ?? '?'}.`);
  }
}

/** One byte for two significant digits and one more for the number. A negative number takes another one. */
function numberBytes(text: string): number {
  const digits = text
    .replace(/e.*$/i, '')
    .replace(/[^0-9]/g, '')
    .replace(/^0+|0+$/g, '');
  return Math.ceil(Math.max(1, digits.length) / 2) + 1 + (text.startsWith('-') ? 1 : 0);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isObject(value: unknown): value is AttributeJson {
  return typeof value === 'object' && value !== null;
}

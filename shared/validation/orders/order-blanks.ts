import { asJsonObject, type JsonObject } from '../json/json-object.ts';

/** The optional fields, by where they are; `OrderSchema` says the same. */
const OPTIONAL_FIELDS = {
  order: new Set([
    'btn_ref',
    'customer',
    'customer_order_id',
    'line_items',
    'partner_order_channel',
    'finalization_date',
  ]),
  customer: new Set(['id', 'email_sha256', 'device_id', 'is_new']),
  line: new Set(['amount', 'quantity', 'sku', 'upc', 'category', 'description', 'attributes']),
};

/**
 * The order without its optional fields that are null or empty text, which is how shops write "there is
 * none": they count as absent. So do attributes of a line without a value, and a customer or attributes with
 * nothing left. Everything else stays unchanged.
 */
export function withoutBlanks(order: unknown): unknown {
  const fields = asJsonObject(order);
  if (!fields) return order;
  const customer = asJsonObject(fields['customer']);
  const lines: unknown = fields['line_items'];
  return omitBlanks(
    {
      ...fields,
      ...(customer && { customer: orAbsent(omitBlanks(customer, OPTIONAL_FIELDS.customer)) }),
      ...(Array.isArray(lines) && { line_items: lines.map(lineWithoutBlanks) }),
    },
    OPTIONAL_FIELDS.order,
  );
}

function lineWithoutBlanks(line: unknown): unknown {
  const fields = asJsonObject(line);
  if (!fields) return line;
  const attributes = asJsonObject(fields['attributes']);
  return omitBlanks(
    {
      ...fields,
      ...(attributes && { attributes: orAbsent(omitBlanks(attributes, new Set(Object.keys(attributes)))) }),
    },
    OPTIONAL_FIELDS.line,
  );
}

/** `Object.fromEntries` defines names: `__proto__` stays a name like any other. */
function omitBlanks(fields: JsonObject, names: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => !(names.has(name) && isBlank(value))),
  );
}

function orAbsent(fields: JsonObject): JsonObject | undefined {
  return Object.keys(fields).length === 0 ? undefined : fields;
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

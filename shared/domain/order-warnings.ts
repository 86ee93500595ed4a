import { asJsonObject, type JsonObject } from './json-object.ts';
import type { JsonPathSegment } from './json-path.ts';
import { violation, type OrderViolation, type OrderViolationCode } from './order-violation.ts';

type Found = { code: OrderViolationCode; segments: readonly JsonPathSegment[] };

// One page calls all of these required (Reporting Orders), the reference calls them optional (Report an Order).
const ORDER_FIELDS = ['customer', 'customer_order_id', 'line_items', 'partner_order_channel'] as const;
const CUSTOMER_FIELDS = ['id', 'email_sha256', 'device_id', 'is_new'] as const;
const LINE_FIELDS = ['sku', 'upc', 'quantity', 'category', 'description', 'attributes'] as const;

const ENDS_WITH_OFFSET = /(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Lists what is worth a look in an order although Button's documents do not forbid it; never a reason to refuse it.
 *
 * Reads whatever there is, also of an order that is refused. A new order is asked for its `btn_ref`, an update is not: Button keeps it
 * (Order API Best Practices, "Handling Button Attribution Tokens").
 */
export function findWarnings(
  order: unknown,
  context: { kind: 'created' | 'updated'; at: readonly JsonPathSegment[] },
): OrderViolation[] {
  const fields = asJsonObject(order);
  if (!fields) return [];
  const found = [
    ...missing(fields, ORDER_FIELDS),
    ...(context.kind === 'created' ? ofNewOrder(fields) : ofUpdate(fields)),
    ...ofEveryOrder(fields),
    ...ofCustomer(fields),
    ...ofLineItems(fields),
  ];
  return found.map(({ code, segments }) => violation(code, [...context.at, ...segments]));
}

function ofNewOrder(fields: JsonObject): Found[] {
  return isAbsent(fields['btn_ref']) ? [{ code: 'btn_ref_missing', segments: ['btn_ref'] }] : [];
}

function ofUpdate(fields: JsonObject): Found[] {
  return fields['total'] === 0 ? [{ code: 'total_zero_on_update', segments: ['total'] }] : [];
}

function ofEveryOrder(fields: JsonObject): Found[] {
  const { btn_ref, purchase_date, finalization_date } = fields;
  const found: Found[] = [];
  if (typeof btn_ref === 'string' && btn_ref.startsWith('org-')) {
    found.push({ code: 'btn_ref_organization_id', segments: ['btn_ref'] });
  }
  for (const [name, date] of Object.entries({ purchase_date, finalization_date })) {
    if (typeof date === 'string' && !ENDS_WITH_OFFSET.test(date)) {
      found.push({ code: 'date_without_offset', segments: [name] });
    }
  }
  if (finalization_date !== undefined) {
    found.push({ code: 'finalization_date_overrides_policy', segments: ['finalization_date'] });
  }
  return found;
}

function ofCustomer(fields: JsonObject): Found[] {
  const customer = asJsonObject(fields['customer']);
  return customer ? below(['customer'], missing(customer, CUSTOMER_FIELDS)) : [];
}

function ofLineItems(fields: JsonObject): Found[] {
  const lines: unknown = fields['line_items'];
  if (!Array.isArray(lines)) return [];
  if (lines.length === 0) return [{ code: 'line_items_empty', segments: ['line_items'] }];
  return lines.flatMap((line, index) => below(['line_items', index], ofLineItem(asJsonObject(line) ?? {})));
}

function ofLineItem(line: JsonObject): Found[] {
  const upc = line['upc'];
  const found = missing(line, LINE_FIELDS);
  if (typeof upc !== 'string' || isAbsent(upc) || /^\d{12}$/.test(upc)) return found;
  return [
    ...found,
    { code: /^\d{8}$/.test(upc) ? 'upc_e_not_expanded' : 'upc_not_12_digits', segments: ['upc'] },
  ];
}

function missing(fields: JsonObject, names: readonly string[]): Found[] {
  return names
    .filter((name) => isAbsent(fields[name]))
    .map((name) => ({ code: 'recommended_field_missing', segments: [name] }));
}

function below(at: readonly JsonPathSegment[], found: readonly Found[]): Found[] {
  return found.map(({ code, segments }) => ({ code, segments: [...at, ...segments] }));
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === '';
}

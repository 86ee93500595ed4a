import { asJsonObject, type JsonObject } from '../json/json-object.ts';
import type { JsonPathSegment } from '../json/json-path.ts';
import { readOrderDate } from './order-date.ts';
import { violation, type OrderViolation, type OrderViolationCode } from './order-violation.ts';
import { expandUpcE, isGtin, normalizeUpc } from './upc.ts';

type Found = { code: OrderViolationCode; segments: readonly JsonPathSegment[] };

/**
 * Lists what is worth a look in an order although Button's documents do not forbid it; never a reason to
 * refuse it. A complete, ordinary order of a web shop has no warnings.
 *
 * Reads what it can, even of an order that is refused, after blanks are removed (`withoutBlanks`). A new
 * order should have a `btn_ref`; an update need not, because Button keeps it (Order API Best Practices,
 * "Handling Button Attribution Tokens").
 */
export function findWarnings(
  order: unknown,
  context: { kind: 'created' | 'updated'; at: readonly JsonPathSegment[] },
): OrderViolation[] {
  const fields = asJsonObject(order);
  if (!fields) return [];
  const found = [
    ...(context.kind === 'created' ? ofNewOrder(fields) : ofUpdate(fields)),
    ...ofEveryOrder(fields),
    ...ofLineItems(fields),
  ];
  return found.map(({ code, segments }) => violation(code, [...context.at, ...segments]));
}

function ofNewOrder(fields: JsonObject): Found[] {
  return fields['btn_ref'] === undefined ? [{ code: 'btn_ref_missing', segments: ['btn_ref'] }] : [];
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
    if (typeof date === 'string' && readOrderDate(date)?.hasOffset === false) {
      found.push({ code: 'date_without_offset', segments: [name] });
    }
  }
  if (finalization_date !== undefined) {
    found.push({ code: 'finalization_date_overrides_policy', segments: ['finalization_date'] });
  }
  return found;
}

function ofLineItems(fields: JsonObject): Found[] {
  const lines: unknown = fields['line_items'];
  if (lines === undefined) return [{ code: 'recommended_field_missing', segments: ['line_items'] }];
  if (!Array.isArray(lines)) return [];
  if (lines.length === 0) return [{ code: 'line_items_empty', segments: ['line_items'] }];
  return lines.flatMap((line, index) => below(['line_items', index], ofLineItem(asJsonObject(line) ?? {})));
}

/** Codes of other industries and countries are accepted: a GTIN of any length. */
function ofLineItem({ upc }: JsonObject): Found[] {
  if (typeof upc !== 'string') return [];
  const sent = normalizeUpc(upc);
  if (/^\d{12}$/.test(sent) || isGtin(sent)) return [];
  const isLikeUpcE = expandUpcE(upc) !== undefined;
  return [{ code: isLikeUpcE ? 'upc_e_not_expanded' : 'upc_not_12_digits', segments: ['upc'] }];
}

function below(at: readonly JsonPathSegment[], found: readonly Found[]): Found[] {
  return found.map(({ code, segments }) => ({ code, segments: [...at, ...segments] }));
}

import { tableOf } from './table.ts';
import { onOneLine } from './visible.ts';

/**
 * A result for people: one line for each value, indented by its depth. On a terminal of `columns` characters,
 * lists are tables.
 */
export function asText(found: Readonly<Record<string, unknown>>, columns?: number): string {
  const lines = linesOf(found, '', columns);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function linesOf(value: object, indent: string, columns: number | undefined): string[] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) => {
    const label = Array.isArray(value) ? '-' : `${onOneLine(name)}:`;
    if (inner === undefined) return [];
    if (typeof inner === 'string') return textLines(inner, `${indent}${label} `, `${indent}  | `);
    if (typeof inner !== 'object' || inner === null) return [`${indent}${label} ${JSON.stringify(inner)}`];
    const deeper = `${indent}  `;
    const lines = tableLines(inner, deeper, columns) ?? linesOf(inner, deeper, columns);
    return lines.length === 0 ? [`${indent}${label} none`] : [`${indent}${label}`, ...lines];
  });
}

/** Each further line of a value is marked, so that it cannot pass for another value. */
function textLines(text: string, first: string, next: string): string[] {
  return text.split(/\r?\n/).map((line, index) => `${index === 0 ? first : next}${onOneLine(line)}`);
}

function tableLines(value: object, indent: string, columns: number | undefined): string[] | undefined {
  if (columns === undefined || !Array.isArray(value)) return undefined;
  const table = tableOf(value, columns - indent.length);
  return (
    table && [...table.lines.map((line) => `${indent}${line}`), ...linesOf(table.below, indent, columns)]
  );
}

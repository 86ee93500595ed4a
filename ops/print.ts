/** A result for people: one line for each value, indented by its depth. */
export function asText(found: Readonly<Record<string, unknown>>): string {
  const lines = linesOf(found, '');
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function linesOf(value: object, indent: string): string[] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) => {
    const label = Array.isArray(value) ? '-' : `${name}:`;
    if (inner === undefined) return [];
    if (typeof inner === 'string') return [`${indent}${label} ${inner}`];
    if (typeof inner !== 'object' || inner === null) return [`${indent}${label} ${JSON.stringify(inner)}`];
    const deeper = linesOf(inner, `${indent}  `);
    return deeper.length === 0 ? [`${indent}${label} none`] : [`${indent}${label}`, ...deeper];
  });
}

/**
 * The `identifier` of each line, made of its SKU: the SKU where no earlier line has it, else the SKU with a
 * number (`sku-1 (2)`), and `line 3` where there is no SKU. No two are the same.
 *
 * An id that the shop gives to its lines is better: it stays the same when lines come and go.
 */
export function lineIdentifiers(skus: readonly (string | null | undefined)[]): string[] {
  const given = new Set(skus.filter((sku) => sku !== ''));
  const used = new Set<string>();
  return skus.map((sku, index) => {
    const identifier = sku && !used.has(sku) ? sku : firstFree(sku || `line ${index + 1}`, { given, used });
    used.add(identifier);
    return identifier;
  });
}

function firstFree(
  name: string,
  taken: { given: ReadonlySet<string | null | undefined>; used: ReadonlySet<string> },
): string {
  const isFree = (text: string): boolean => !taken.given.has(text) && !taken.used.has(text);
  let candidate = name;
  for (let number = 2; !isFree(candidate); number += 1) candidate = `${name} (${number})`;
  return candidate;
}

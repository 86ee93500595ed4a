/** The criteria of a search: all given ones must match. Instants are ISO 8601 UTC, `to` is exclusive. */
export type SearchCriteria = {
  from?: string | undefined;
  to?: string | undefined;
  status?: string | undefined;
  /** Minor units. */
  amountMinor?: number | undefined;
  /** The Brand's own name of the order. */
  order?: string | undefined;
  shopper?: string | undefined;
  /** The transaction names no shopper, so nobody can be rewarded for it. */
  withoutShopper?: true | undefined;
};

/** The values of an item that are compared; `undefined` and null equal no value that is searched for. */
type Searchable = {
  instants: readonly (string | null | undefined)[];
  status: string;
  amounts: readonly (number | null | undefined)[];
  orders: readonly unknown[];
  shoppers: readonly unknown[];
};

/** Whether an item has what every criterion asks for. Pure. */
export function matches(found: Searchable, criteria: SearchCriteria): boolean {
  const { status, amountMinor, order, shopper, withoutShopper } = criteria;
  return (
    isWithin(found.instants, criteria) &&
    (status === undefined || found.status === status) &&
    (amountMinor === undefined || found.amounts.includes(amountMinor)) &&
    (order === undefined || names(found.orders, order)) &&
    (shopper === undefined || names(found.shoppers, shopper)) &&
    (withoutShopper === undefined || found.shoppers.every((value) => value === null || value === ''))
  );
}

function isWithin(instants: Searchable['instants'], { from, to }: SearchCriteria): boolean {
  if (from === undefined && to === undefined) return true;
  const [start, end] = [
    from === undefined ? -Infinity : Date.parse(from),
    to === undefined ? Infinity : Date.parse(to),
  ];
  return instants.some((instant) => {
    const at = Date.parse(instant ?? '');
    return at >= start && at < end;
  });
}

/** A number and its text are the same name. */
function names(values: readonly unknown[], asked: string): boolean {
  return values.some(
    (value) => (typeof value === 'string' || typeof value === 'number') && String(value) === asked,
  );
}

/** Button's own page size if none is requested. Source: docs/button/transactions-api.md, "Parameters". */
export const DEFAULT_PAGE_SIZE = 50;

/** The page sizes that are tried for a second of which a page got no answer. */
const SMALLER_SIZES = [10, 1] as const;

/** A second that failed after many rows is read again with at most this number of pages up to that place. */
const MOST_PAGES_AGAIN = 500;

/** A size that got no answer is asked for again after a day: Button may have become faster. */
const BELIEVED_MS = 86_400_000;

/** A page size that got no answer while a smaller one worked, and when that was (ISO 8601 UTC). */
export type FailedPageSize = { size: number; failedAt: string };

/** Smaller pages for one window: their size, and the larger one that got no answer while this one worked. */
export type SmallerPages = { size: number; failed?: number };

type Sizes = { pageSize?: number; failedPageSize?: FailedPageSize };
type Window = { rows: number; smaller?: SmallerPages };

/** The page size to request; `configured` is the usual one. Pure. */
export function pageSizeOf(
  { pageSize }: Sizes,
  window: Pick<Window, 'smaller'> | undefined,
  configured: number,
): number {
  return Math.min(window?.smaller?.size ?? configured, pageSize ?? configured, configured);
}

/** The window of one second with a smaller page size than `size`, which got no answer. Pure. */
export function withSmallerPages<Of extends Window>(window: Of, size: number): Of {
  const wanted = SMALLER_SIZES.find((one) => one < size) ?? size;
  const least = Math.max(wanted, Math.ceil(window.rows / MOST_PAGES_AGAIN));
  return least < size ? { ...window, smaller: { size: least } } : window;
}

/** The page size after a window without trouble: it may grow, but not up to one that got no answer. Pure. */
export function largerPages({ pageSize, failedPageSize }: Sizes, now: Date): Sizes {
  if (pageSize === undefined) return {};
  const isBelieved = failedPageSize && now.getTime() - Date.parse(failedPageSize.failedAt) < BELIEVED_MS;
  if (failedPageSize && !isBelieved) return {};
  const larger = Math.max(pageSize, Math.min(DEFAULT_PAGE_SIZE, 2 * pageSize));
  if (!failedPageSize) return { pageSize: larger };
  return { pageSize: larger < failedPageSize.size ? larger : pageSize, failedPageSize };
}

/** What to remember after the window was read: the size that worked, if a larger one got no answer. Pure. */
export function learntPageSize({ smaller }: Pick<Window, 'smaller'>, now: Date): Sizes {
  if (smaller?.failed === undefined) return {};
  const { size: pageSize, failed: size } = smaller;
  return { pageSize, failedPageSize: { size, failedAt: now.toISOString() } };
}

/** What another stream of the account needs to know of these sizes. Pure. */
export function sizesOf({ pageSize, failedPageSize }: Sizes): Sizes {
  return {
    ...(pageSize === undefined ? {} : { pageSize }),
    ...(failedPageSize ? { failedPageSize } : {}),
  };
}

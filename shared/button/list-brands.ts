import * as z from 'zod';

import { asJsonObject } from '@button-serverless/validation/json';
import type { ApiResult, TransactionPage } from './api-result.ts';
import type { ButtonHttp } from './button-http.ts';
import { EntryIdSchema, listAllEntries } from './list-entries.ts';
import { nextPageOf } from './next-page.ts';
import { readAnswer } from './transactions-api.ts';

/** The finalization windows of the brands that Button lists. */
export type BrandList = {
  /** By brand (`org-...`), in minutes. */
  windows: ReadonlyMap<string, number>;
  /** Entries without a usable id or window. */
  malformed: number;
  /** Why the list was not read to its end; undefined if it was. */
  cutShortBy?: string;
};

/** Button's list of brands. No method throws for anything that Button or the network does. */
export type BrandsApi = { listBrands(): Promise<ApiResult<BrandList>> };

/** Ten years. A longer window is not valid. */
const MAX_MINUTES = 10 * 366 * 1440;

/** Zero means no window in Button's own schema. */
const BrandSchema = z.object({
  id: EntryIdSchema,
  terms_and_conditions: z.object({ finalization_window_minutes: z.int().min(1).max(MAX_MINUTES) }),
});

const BRANDS_PATH = '/v1/brands';

/**
 * The brands of one publisher's key, with their terms, over all pages of the list. Button does not document
 * whether the list is in `objects` or in `object`: both are read, and a single brand counts as a list of one.
 * An entry that is not a brand, or has no window, is skipped and counted.
 *
 * Source: docs/button/transactions-api.md, "Brands".
 */
export function createBrandsApi(http: ButtonHttp, apiKey: string): BrandsApi {
  return {
    async listBrands() {
      const listing = await listAllEntries(BRANDS_PATH, async (path) => {
        const response = await http.call({ method: 'GET', path, apiKey });
        return readAnswer(response, (body) => readPage(body, path));
      });
      if (!listing.ok) return listing;
      const { entries, cutShortBy } = listing.value;
      const value = { ...readBrands(entries), ...(cutShortBy === undefined ? {} : { cutShortBy }) };
      return { ...listing, value };
    },
  };
}

/**
 * Undefined if the body is not a page; also if there is a next page but no way to reach it, because such a
 * page must not be taken for the last one.
 */
function readPage(body: unknown, path: string): TransactionPage | undefined {
  const { objects, object, meta } = asJsonObject(body) ?? {};
  const listed = objects ?? object;
  if (typeof listed !== 'object' || listed === null) return undefined;
  const rows: unknown[] = Array.isArray(listed) ? listed : [listed];
  const printed = asJsonObject(meta)?.['next'];
  if (printed === undefined || printed === null || printed === '') return { rows, next: null };
  const next = typeof printed === 'string' ? nextPageOf(printed, path) : undefined;
  return next && { rows, next };
}

function readBrands(entries: readonly unknown[]): BrandList {
  const brands = entries
    .map((entry) => BrandSchema.safeParse(entry).data)
    .filter((brand) => brand !== undefined);
  const windows = new Map(
    brands.map(({ id, terms_and_conditions: terms }) => [id, terms.finalization_window_minutes]),
  );
  return { windows, malformed: entries.length - brands.length };
}

import * as z from 'zod';

import { asJsonObject } from '@button-serverless/validation/json';
import type { ApiResult } from './api-result.ts';
import type { ButtonHttp } from './button-http.ts';
import { readAnswer } from './transactions-api.ts';

/** The finalization windows of the brands that Button lists. */
export type BrandList = {
  /** By brand (`org-...`), in minutes. */
  windows: ReadonlyMap<string, number>;
  /** Entries without a usable id or window. */
  malformed: number;
};

/** Button's list of brands. No method throws for what Button or the network does. */
export type BrandsApi = { listBrands(): Promise<ApiResult<BrandList>> };

/** Ten years; a longer window is no window. */
const MAX_MINUTES = 10 * 366 * 1440;

/** Zero stands for none in Button's own schema. */
const BrandSchema = z.object({
  id: z
    .string()
    .min(1)
    .max(255)
    .refine((id) => id.isWellFormed()),
  terms_and_conditions: z.object({ finalization_window_minutes: z.int().min(1).max(MAX_MINUTES) }),
});

/**
 * The brands of one publisher's key, with their terms. Whether the list stands in `objects` or in `object` is not documented: both are
 * read, and one brand alone as a list of one. An entry that is no brand, or names no window, is left out and counted.
 *
 * Source: docs/button/transactions-api.md, "Brands".
 */
export function createBrandsApi(http: ButtonHttp, apiKey: string): BrandsApi {
  return {
    async listBrands() {
      const response = await http.call({ method: 'GET', path: '/v1/brands', apiKey });
      return readAnswer(response, readBrands);
    },
  };
}

function readBrands(body: unknown): BrandList | undefined {
  const { objects, object } = asJsonObject(body) ?? {};
  const listed = objects ?? object;
  if (typeof listed !== 'object' || listed === null) return undefined;
  const entries: unknown[] = Array.isArray(listed) ? listed : [listed];
  const brands = entries
    .map((entry) => BrandSchema.safeParse(entry).data)
    .filter((brand) => brand !== undefined);
  const windows = new Map(
    brands.map(({ id, terms_and_conditions: terms }) => [id, terms.finalization_window_minutes]),
  );
  return { windows, malformed: entries.length - brands.length };
}

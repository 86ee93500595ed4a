import type { ApiRequest } from './api-request.ts';
import { errorAnswer, onePerPage, type Answer } from './button-answer.ts';
import type { Brand } from './organizations.ts';
import type { World } from './world.ts';

export type BrandsApi = { brands: readonly Brand[]; world: Readonly<World> };

/**
 * Answers the Publisher's request under /v1/brands (docs/button/transactions-api.md, "Brands"); undefined if
 * there is no such endpoint.
 */
export function answerBrandsApi({ brands, world }: BrandsApi, request: ApiRequest): Answer | undefined {
  const [, , id, further] = request.segments ?? [];
  if (request.method !== 'GET' || further !== undefined) return undefined;
  const all = brands.map((brand) => termsOf(brand, world));
  if (id === undefined) {
    if (world.brandsList === 'refused') return errorAnswer(404, 'Not found');
    if (world.brandsList === 'in-object') return ok({ object: all });
    if (world.brandsList === 'whole') return ok({ objects: all });
    const malformed = [null, 7, { id: 'org-other' }, { ...all[0], terms_and_conditions: 'none' }];
    const entries = [...malformed, ...all];
    return world.brandsList === 'one-a-page' ? onePerPage(entries, request) : ok({ objects: entries });
  }
  if (!id.startsWith('org-')) return errorAnswer(400, `Invalid Brand ID: ${id}`);
  const brand = all.find((one) => one.id === id);
  return brand ? ok({ object: brand }) : errorAnswer(404, `Could not find ${id}`);
}

function ok(content: object): Answer {
  return { status: 200, body: { meta: { status: 'ok' }, ...content } };
}

function termsOf({ organization: { id, name } }: Brand, { finalizationWindowMinutes }: Readonly<World>) {
  return {
    id,
    name,
    is_live_ready: true,
    terms_and_conditions: {
      reporting_window_days: 0,
      finalization_window_minutes: finalizationWindowMinutes,
      additional_terms: null,
      exclusion_details: null,
      coupons_allowed: false,
      gift_cards_allowed: false,
    },
  };
}

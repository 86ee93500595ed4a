import { answerAffiliationApi, type AffiliationApi } from './affiliation-api.ts';
import type { ApiRequest } from './api-request.ts';
import { errorAnswer, type Answer } from './button-answer.ts';
import { answerBrandsApi } from './brands-api.ts';
import { answerOrderApi, type OrderApi } from './order-api.ts';
import type { Brand } from './organizations.ts';

export type ButtonApi = OrderApi & AffiliationApi & { brands: readonly Brand[]; publisherApiKey: string };

/**
 * Button's API as documented: Basic auth with a key of the right kind of organisation, then the endpoint; 404
 * if there is none.
 */
export function answerButtonApi(api: ButtonApi, request: ApiRequest): Answer {
  if (request.segments === undefined) return errorAnswer(400, 'The path is not percent-encoded');
  const [, resource] = request.segments;
  const brand = api.brands.find(({ apiKey }) => apiKey === request.apiKey);
  const isPublisher = request.apiKey === api.publisherApiKey;
  if (brand === undefined && !isPublisher) return errorAnswer(401, 'Invalid api_key');
  if (resource === 'order' && brand === undefined) return wrongOrganization('brand');
  if ((resource === 'affiliation' || resource === 'brands') && !isPublisher)
    return wrongOrganization('publisher');
  return answerEndpoint(api, brand, request) ?? errorAnswer(404, 'Not found');
}

function answerEndpoint(api: ButtonApi, brand: Brand | undefined, request: ApiRequest): Answer | undefined {
  const resource = request.segments?.[1];
  if (resource === 'order' && brand) return answerOrderApi(api, brand.organization.id, request);
  if (resource === 'brands') return answerBrandsApi(api, request);
  return resource === 'affiliation' ? answerAffiliationApi(api, request) : undefined;
}

function wrongOrganization(needed: 'brand' | 'publisher'): Answer {
  return errorAnswer(401, `The calling organization must be a ${needed} to access this endpoint.`);
}

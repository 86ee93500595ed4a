import type { Secret } from '../runtime/secret.ts';
import { apiKeyProblem, type ApiKeyProblem } from './api-key.ts';
import type { ButtonHttp } from './button-http.ts';

/** How to reach one of Button's APIs. */
export type ButtonAccess<Api> = {
  openHttp: () => ButtonHttp;
  apiKey: Pick<Secret<string>, 'read'>;
  createApi: (http: ButtonHttp, apiKey: string) => Api;
};

/**
 * Runs `work` with one of Button's APIs, or with the reason why there is no key for it. Closes the
 * connections after that: a connection that slept in a frozen Lambda is dead.
 */
export async function withButton<Api, Result>(
  { openHttp, apiKey, createApi }: ButtonAccess<Api>,
  work: (api: Api | ApiKeyProblem) => Promise<Result>,
): Promise<Result> {
  const http = openHttp();
  try {
    const key = await apiKey.read();
    return await work(key.status === 'set' ? createApi(http, key.value) : apiKeyProblem(key));
  } finally {
    http.close();
  }
}

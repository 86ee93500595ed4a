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
 * Opens nothing new each time, and closes nothing: for a function whose next invocation follows at once. The
 * connections stay open between invocations; `createButtonHttp` uses none that slept in a frozen environment.
 */
export function keepOpen(http: ButtonHttp): () => ButtonHttp {
  return () => ({ ...http, close: () => undefined });
}

/**
 * Runs `work` with one of Button's APIs, or with the reason why there is no key for it. Closes what
 * `openHttp` has opened after that.
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

/** What came of a request: an answer, or the name of what went wrong. It holds nothing of either body. */
export type PostResult = { status: number; retryAfterSeconds?: number } | { failed: string };

/** Sends a JSON body with headers of its own. Never throws. */
export type Post = (body: string, headers: Record<string, string>) => Promise<PostResult>;

/** Makes requests to one URL; `timeoutMs` is the total deadline of each. */
export type OpenPost = (to: { url: string; timeoutMs: number }) => Post;

/** Requests by HTTP POST. Redirects are answers; the body of the answer is not read. */
export const openPost: OpenPost =
  ({ url, timeoutMs }) =>
  async (body, headers) => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
        headers: { ...headers, 'content-type': 'application/json', 'user-agent': 'button-serverless' },
        body,
      });
      await response.body?.cancel();
      const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
      return { status: response.status, ...(Number.isFinite(seconds) && { retryAfterSeconds: seconds }) };
    } catch (error) {
      return { failed: error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'no_answer' };
    }
  };

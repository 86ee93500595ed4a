import * as z from 'zod';
import { AwsServiceError } from '../emulators/aws-json-client.ts';

/** How long DynamoDB knows a token. */
const KNOWN_FOR_MS = 10 * 60_000;

const TokenSchema = z.looseObject({ ClientRequestToken: z.string().optional() });

/**
 * Performs a transaction once for each client request token: a repetition within ten minutes gets the same
 * answer and writes nothing. The same token with another request is refused. A transaction that was cancelled
 * is performed again.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html,
 * ClientRequestToken
 */
export function createIdempotentRequests(now: () => number) {
  const known = new Map<string, { atMs: number; request: string; answer: object }>();
  return (input: unknown, perform: (request: object) => object): object => {
    const { ClientRequestToken: token, ...request } = TokenSchema.parse(input);
    if (token === undefined) return perform(request);
    const text = JSON.stringify(request);
    const earlier = known.get(token);
    if (earlier && now() - earlier.atMs < KNOWN_FOR_MS) {
      if (earlier.request === text) return earlier.answer;
      throw new AwsServiceError(
        'IdempotentParameterMismatchException',
        'The token has been used with another request.',
      );
    }
    const answer = perform(request);
    known.set(token, { atMs: now(), request: text, answer });
    return answer;
  };
}

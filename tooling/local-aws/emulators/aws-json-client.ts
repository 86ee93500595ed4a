import * as z from 'zod';

/** What an AWS service answered instead of a result. */
export class AwsServiceError extends Error {
  readonly code: string;
  readonly #detail: string;
  readonly #fields: object;

  /** `fields`: what the answer says besides. */
  constructor(code: string, message: string, fields: object = {}) {
    super(`${code}: ${message}`);
    this.name = 'AwsServiceError';
    this.code = code;
    this.#detail = message;
    this.#fields = fields;
  }

  /** The answer that says so in AWS JSON. */
  toJson(): string {
    return JSON.stringify({ __type: this.code, message: this.#detail, ...this.#fields });
  }
}

/** Calls one operation of a service; throws `AwsServiceError` for its refusals. */
export type AwsJsonClient = (
  operation: string,
  input: Record<string, unknown>,
  signal?: AbortSignal,
) => Promise<unknown>;

/**
 * Speaks AWS JSON 1.0 to an emulator (https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html). Not an
 * SDK client: what a template says is passed on in the words of the API, and records come back with their
 * bytes still in base64, as Lambda hands them on.
 */
export function awsJsonClient(options: { endpoint: string; service: string; region: string }): AwsJsonClient {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-date': '20260101T000000Z',
    authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/${options.region}/local/aws4_request, SignedHeaders=host, Signature=local`,
  };

  return async (operation, input, signal) => {
    const response = await fetch(options.endpoint, {
      method: 'POST',
      headers: { ...headers, 'x-amz-target': `${options.service}.${operation}` },
      body: JSON.stringify(input),
      signal: signal ?? null,
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw serviceError(answer);
    return answer;
  };
}

/** Deletes something; what is gone already needs no deletion, which the service says with this code. */
export async function deleteUnlessGone(deletion: Promise<unknown>, code: string): Promise<void> {
  try {
    await deletion;
  } catch (error) {
    if (!(error instanceof AwsServiceError && error.code === code)) throw error;
  }
}

const RefusalSchema = z.object({
  __type: z.string().default('UnknownError'),
  message: z.string().optional(),
  Message: z.string().optional(),
});

function serviceError(answer: unknown): AwsServiceError {
  const refusal = RefusalSchema.parse(answer);
  const code = refusal.__type.split('#').at(-1) ?? refusal.__type;
  return new AwsServiceError(code, refusal.message ?? refusal.Message ?? '');
}

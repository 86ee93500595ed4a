import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { createAccessControl } from '../iam/access-control.ts';
import type { AccessControl } from '../iam/access-control.ts';
import { AwsServiceError } from './aws-json-client.ts';
import { serveAwsJson } from './aws-json-server.ts';

/** Secrets Manager's GetSecretValue and PutSecretValue, over HTTP and for the deployer. */
export type SecretsManager = {
  endpoint: string;
  /** Makes a secret without a value, as `AWS::SecretsManager::Secret` without `SecretString` does. */
  create(secret: { arn: string; name: string }): void;
  /**
   * Sets the current value; the one before becomes AWSPREVIOUS. Throws `AwsServiceError` for an unknown
   * secret.
   */
  put(secretId: string, value: string): string;
  /** Deletes it with its values, without a recovery window. */
  remove(arn: string): void;
  close(): Promise<void>;
};

type Version = { id: string; value: string; createdAtEpochSeconds: number };
type Secret = { arn: string; name: string; current?: Version; previous?: Version };

const SecretIdSchema = z.object({ SecretId: z.string() });
const GetSecretValueSchema = SecretIdSchema.extend({
  VersionId: z.string().optional(),
  VersionStage: z.string().optional(),
});
const PutSecretValueSchema = z.strictObject({
  SecretId: z.string(),
  SecretString: z.string(),
  ClientRequestToken: z.string().optional(),
});

/** Starts the server. */
export async function startSecretsManager(
  access: AccessControl = createAccessControl(),
): Promise<SecretsManager> {
  const secrets: Secret[] = [];
  const put = (secretId: string, value: string) => {
    const secret = find(secrets, secretId);
    const version = { id: randomUUID(), value, createdAtEpochSeconds: Date.now() / 1000 };
    if (secret.current !== undefined) secret.previous = secret.current;
    secret.current = version;
    return version.id;
  };

  const server = await serveAwsJson('secretsmanager', {
    operations: {
      GetSecretValue: (input) => read(secrets, parse(GetSecretValueSchema, input)),
      PutSecretValue: (input) => {
        const { SecretId, SecretString } = parse(PutSecretValueSchema, input);
        const versionId = put(SecretId, SecretString);
        const { arn, name } = find(secrets, SecretId);
        return { ARN: arn, Name: name, VersionId: versionId, VersionStages: ['AWSCURRENT'] };
      },
    },
    authorize: (authorization, operation, input) => {
      access.checkSigned(authorization, () => {
        const { arn } = find(secrets, parse(SecretIdSchema, input).SecretId);
        return [{ action: `secretsmanager:${operation}`, resource: arn }];
      });
    },
  });
  return {
    endpoint: server.url,
    create: (secret) => {
      secrets.push({ ...secret });
    },
    put,
    remove: (removed) => {
      const index = secrets.findIndex(({ arn }) => arn === removed);
      if (index !== -1) secrets.splice(index, 1);
    },
    close: () => server.close(),
  };
}

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html */
function read(secrets: Secret[], request: z.infer<typeof GetSecretValueSchema>) {
  const secret = find(secrets, request.SecretId);
  const stages = [
    { stage: 'AWSCURRENT', version: secret.current },
    { stage: 'AWSPREVIOUS', version: secret.previous },
  ];
  const wantedStage = request.VersionStage ?? (request.VersionId === undefined ? 'AWSCURRENT' : undefined);
  const found = stages.find(
    ({ stage, version }) =>
      version !== undefined &&
      (wantedStage === undefined || stage === wantedStage) &&
      (request.VersionId === undefined || version.id === request.VersionId),
  );
  if (found?.version === undefined) {
    const wanted =
      wantedStage === undefined ? `VersionId: ${String(request.VersionId)}` : `staging label: ${wantedStage}`;
    throw new AwsServiceError(
      'ResourceNotFoundException',
      `Secrets Manager can't find the specified secret value for ${wanted}`,
    );
  }
  return {
    ARN: secret.arn,
    Name: secret.name,
    VersionId: found.version.id,
    SecretString: found.version.value,
    VersionStages: [found.stage],
    CreatedDate: found.version.createdAtEpochSeconds,
  };
}

/** By name, by ARN, or by ARN without its six random characters. */
function find(secrets: Secret[], secretId: string): Secret {
  const secret = secrets.find(
    ({ arn, name }) => secretId === name || secretId === arn || secretId === arn.slice(0, -'-123456'.length),
  );
  if (secret === undefined) {
    throw new AwsServiceError(
      'ResourceNotFoundException',
      "Secrets Manager can't find the specified secret.",
    );
  }
  return secret;
}

function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new AwsServiceError('InvalidParameterException', z.prettifyError(parsed.error));
  return parsed.data;
}

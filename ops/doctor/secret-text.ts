import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';

/** The current content of a secret; undefined if nobody has set it. Throws if it cannot be read. */
export async function secretText(
  client: SecretsManagerClient,
  secretId: string,
): Promise<string | undefined> {
  try {
    return (await client.send(new GetSecretValueCommand({ SecretId: secretId }))).SecretString;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/** How to set a secret; the value is read from a file, so that it does not get into a shell's history. */
export function setSecretLine(secretId: string, file: string): string {
  return `aws secretsmanager put-secret-value --secret-id ${secretId} --secret-string file://${file}`;
}

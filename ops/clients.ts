import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';

import type { DeployedStage } from './stage.ts';

/** AWS, with the rights of the person who runs the command. */
export type OpsClients = {
  dynamodb: DynamoDBClient;
  sqs: SQSClient;
  eventBridge: EventBridgeClient;
  secretsManager: SecretsManagerClient;
  cloudWatch: CloudWatchClient;
  sns: SNSClient;
  lambda: LambdaClient;
  close: () => void;
};

/** The local deployment checks no signature, but every client has to sign. */
const LOCAL_KEY = 'local';

/**
 * Clients for the stage's region. A stage on this machine names its endpoints; otherwise the environment
 * names credentials and endpoints.
 */
export function createClients({
  region,
  localEndpoints,
}: Pick<DeployedStage, 'region' | 'localEndpoints'>): OpsClients {
  const { accessKeyId = LOCAL_KEY } = localEndpoints ?? {};
  const credentials = { accessKeyId, secretAccessKey: LOCAL_KEY };
  const at = (endpoint: string | undefined) =>
    endpoint === undefined ? { region } : { region, endpoint, credentials };
  const clients = {
    dynamodb: new DynamoDBClient(at(localEndpoints?.dynamodb)),
    sqs: new SQSClient(at(localEndpoints?.sqs)),
    eventBridge: new EventBridgeClient(at(localEndpoints?.eventBridge)),
    secretsManager: new SecretsManagerClient(at(localEndpoints?.secretsManager)),
    cloudWatch: new CloudWatchClient(at(localEndpoints?.cloudWatch)),
    sns: new SNSClient({ region }),
    lambda: new LambdaClient({ region }),
  };
  return {
    ...clients,
    close: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

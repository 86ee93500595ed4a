import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';

/** AWS, as the person who runs the command may use it. */
export type OpsClients = {
  dynamodb: DynamoDBClient;
  sqs: SQSClient;
  eventBridge: EventBridgeClient;
  secretsManager: SecretsManagerClient;
  close: () => void;
};

/** Clients for a region, with the credentials and endpoints that the environment names. */
export function createClients(region: string): OpsClients {
  const clients = {
    dynamodb: new DynamoDBClient({ region }),
    sqs: new SQSClient({ region }),
    eventBridge: new EventBridgeClient({ region }),
    secretsManager: new SecretsManagerClient({ region }),
  };
  return {
    ...clients,
    close: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

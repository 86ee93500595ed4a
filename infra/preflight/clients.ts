import { ACMClient } from '@aws-sdk/client-acm';
import { ApiGatewayV2Client } from '@aws-sdk/client-apigatewayv2';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { Route53Client } from '@aws-sdk/client-route-53';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { STSClient } from '@aws-sdk/client-sts';

/** AWS, with the rights of the person who runs the command. */
export type PreflightClients = ReturnType<typeof createAll> & { close: () => void };

/** Clients for a region, with the credentials and endpoints that the environment names. */
export function createClients(region: string): PreflightClients {
  const clients = createAll(region);
  return {
    ...clients,
    close: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

function createAll(region: string) {
  return {
    acm: new ACMClient({ region }),
    apiGateway: new ApiGatewayV2Client({ region }),
    cloudFormation: new CloudFormationClient({ region }),
    cloudWatch: new CloudWatchClient({ region }),
    dynamodb: new DynamoDBClient({ region }),
    eventBridge: new EventBridgeClient({ region }),
    iam: new IAMClient({ region }),
    lambda: new LambdaClient({ region }),
    route53: new Route53Client({ region }),
    secretsManager: new SecretsManagerClient({ region }),
    sns: new SNSClient({ region }),
    sts: new STSClient({ region }),
  };
}

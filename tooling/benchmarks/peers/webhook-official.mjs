// Button's own client checks the signature; a few hand-written checks do the rest.
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import buttonClient from '@button/button-client-node';

const documents = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const secretsManager = new SecretsManagerClient({});
const { isWebhookAuthentic } = buttonClient.utils;
let secret;

export const handler = async ({ body, headers }) => {
  secret ??= JSON.parse(
    (await secretsManager.send(new GetSecretValueCommand({ SecretId: process.env.WEBHOOK_SECRETS_ID })))
      .SecretString,
  )[0].secret;
  if (!isWebhookAuthentic(secret, body, headers['x-button-signature'])) return { statusCode: 401 };
  const { id, data } = JSON.parse(body);
  if (typeof id !== 'string' || typeof data?.id !== 'string' || typeof data.amount !== 'number')
    return { statusCode: 400 };
  try {
    await documents.send(
      new PutCommand({
        TableName: process.env.PLAIN_TABLE,
        Item: { pk: data.button_order_id, eventId: id, ...data },
        ConditionExpression: 'attribute_not_exists(pk) OR modified_date < :modified',
        ExpressionAttributeValues: { ':modified': data.modified_date },
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
  console.log(JSON.stringify({ event: 'webhook_applied', id }));
  return { statusCode: 200 };
};

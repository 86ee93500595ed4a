export type { AwsJsonClient } from './aws-json-client.ts';
export { startDynamoDb, type DynamoDbEmulator } from './dynamodb-emulator.ts';

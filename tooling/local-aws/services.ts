import { createRequire } from 'node:module';
import * as z from 'zod';
import { DYNAMODB_BINARY, startDynamoDb } from './emulators/dynamodb-emulator.ts';
import type { DynamoDbEmulator } from './emulators/dynamodb-emulator.ts';
import { startSqs } from './emulators/sqs-emulator.ts';
import type { SqsEmulator, SqsOptions } from './emulators/sqs-emulator.ts';
import { startDynamoDbModel } from './models/dynamodb-server.ts';
import { startSqsModel } from './models/sqs-server.ts';
import type { Processes } from './processes.ts';

/**
 * What stands for SQS and DynamoDB: emulators of others, or the models of this package. Both keep the same
 * contract. What the emulators do not do, the models do: several messages of a FIFO group in one batch,
 * deduplication by group, retention, message moves, several shards, deletion by time to live. They run
 * wherever Node.js does.
 */
export type Services = 'emulators' | 'models';

const ServicesSchema = z.enum(['emulators', 'models']).optional();

/**
 * The emulators where DynamoDB's binary is installed, else the models. The environment variable LOCAL_AWS
 * says otherwise. Throws for another value of it.
 */
export function chooseServices(): Services {
  const chosen = ServicesSchema.parse(process.env['LOCAL_AWS']);
  return chosen ?? (hasBinary() ? 'emulators' : 'models');
}

function hasBinary(): boolean {
  try {
    createRequire(import.meta.url).resolve(DYNAMODB_BINARY);
    return true;
  } catch {
    return false;
  }
}

/** Starts DynamoDB. */
export function startTables(
  services: Services,
  { processes, region }: { processes: Processes; region: string },
): Promise<DynamoDbEmulator> {
  return services === 'models' ? startDynamoDbModel(region) : startDynamoDb(processes, region);
}

/** Starts SQS. */
export function startQueues(services: Services, region: string, options: SqsOptions): Promise<SqsEmulator> {
  return services === 'models' ? startSqsModel(region, options) : startSqs(region, options);
}

import type { CloudWatch } from './cloudwatch/cloudwatch.ts';
import type { DynamoDbEmulator } from './emulators/dynamodb-emulator.ts';
import type { DynamoDbFaults } from './emulators/dynamodb-faults.ts';
import type { EventBridge } from './emulators/event-bridge.ts';
import type { SecretsManager } from './emulators/secrets-manager.ts';
import type { SqsEmulator } from './emulators/sqs-emulator.ts';
import type { AccessControl } from './iam/access-control.ts';
import type { TableKeys } from './iam/dynamodb-requests.ts';
import type { AccountConcurrency } from './lambda/account-concurrency.ts';
import type { LocalFunction } from './lambda/local-function.ts';
import type { LambdaMetrics } from './lambda/function-metrics.ts';
import type { Log } from './log.ts';
import type { LoopbackServer } from './loopback-server.ts';
import type { Processes } from './processes.ts';
import type { StoredState } from './stored-state.ts';
import type { HttpApi } from './triggers/http-api.ts';
import type { LocalSchedule } from './triggers/schedule.ts';
import type { StreamPosition } from './triggers/stream-position.ts';
import type { Triggers } from './triggers/triggers.ts';

/** A queue that messages are received from, and whether any of its messages are in progress. */
export type QueueConsumer = { queueUrl: string; isIdle(): Promise<boolean> };

/** Who writes to a log group, by logical id. */
export type LogSource = { logicalId: string; logGroupName: string };

/** What has been deployed so far. */
export type DeployedParts = {
  functions: LocalFunction[];
  httpApis: Map<string, HttpApi>;
  schedules: LocalSchedule[];
  queueConsumers: Set<QueueConsumer>;
  triggers: Triggers;
  /** How far each mapping has read its stream, by its id. */
  streamPositions: Map<string, StreamPosition>;
  /** How many resources each place in a stack (`<stack>/<logical id>`) has had. */
  generations: Map<string, number>;
  /** Who has which name of the account: `<type> <name>`. */
  namesInUse: Map<string, string>;
  /** What an earlier deployment stored in tables and queues that this one has not created yet. */
  stored: { [Kind in keyof StoredState]: Map<string, StoredState[Kind][string]> };
  /** From the stream ARN that a template sees to the one that the emulator knows. */
  streamArns: Map<string, string>;
};

/** The region, the account and everything that resources are made in. */
export type LocalCloud = DeployedParts & {
  region: string;
  accountId: string;
  dynamodb: DynamoDbEmulator;
  /** The same tables, for functions: their consumption is measured. */
  capacityMeter: LoopbackServer;
  /** What befalls the requests of functions. */
  dynamodbFaults: DynamoDbFaults;
  sqs: SqsEmulator;
  secretsManager: SecretsManager;
  eventBridge: EventBridge;
  cloudWatch: CloudWatch;
  /** Where the metrics are asked for. */
  cloudWatchApi: LoopbackServer;
  access: AccessControl;
  processes: Processes;
  /** Directories of function code by S3 key. */
  assetDirectories: Map<string, string>;
  environmentOverrides: Record<string, string>;
  /** Where Node.js keeps the compiled code of functions between deployments. */
  compileCacheDirectory: string;
  /** Every n-th firing of a schedule happens twice; 0 means none. */
  scheduleRepeatsEvery: number;
  lambdaMetrics: LambdaMetrics;
  /** How many executions the account has at once. */
  concurrency: AccountConcurrency;
  /**
   * A file for what a function prints, if its role may write to its log group; the lines go to CloudWatch and
   * to the caller's listener.
   */
  openFunctionLog(source: LogSource & { roleArn: string }): Log;
  /** A file for a log that is no function's; the lines go to CloudWatch. */
  openAccessLog(source: LogSource): Log;
  /** The keys of each table, by its name. */
  tableKeys: Map<string, TableKeys>;
};

/** An ARN in the local account, for example `arn:aws:sqs:us-east-1:000000000000:orders`. */
export function arnOf(
  cloud: { region: string; accountId: string },
  service: string,
  resource: string,
): string {
  return `arn:aws:${service}:${cloud.region}:${cloud.accountId}:${resource}`;
}

/** The function with this name, ARN or logical id. Throws if there is none, or if there are several. */
export function findFunction(cloud: LocalCloud, id: string): LocalFunction {
  const [found, ...others] = cloud.functions.filter(
    ({ configuration: { name, arn, logicalId } }) => id === name || id === arn || id === logicalId,
  );
  if (found === undefined) throw new Error(`There is no function ${id}.`);
  if (others.length > 0) throw new Error(`Several stacks have a function ${id}; name it in full.`);
  return found;
}

/** The HTTP API with this id. Throws if there is none. */
export function findHttpApi(cloud: LocalCloud, apiId: string): HttpApi {
  const api = cloud.httpApis.get(apiId);
  if (api === undefined) throw new Error(`There is no HTTP API ${apiId}.`);
  return api;
}

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFunction } from './cloud.ts';
import type { LocalCloud } from './cloud.ts';
import type { CloudWatch } from './cloudwatch/cloudwatch.ts';
import type { DynamoDbFaults } from './emulators/dynamodb-faults.ts';
import type { BusEvent } from './emulators/event-bridge.ts';
import type { AccessControl } from './iam/access-control.ts';
import type { InvocationResult } from './lambda/invocation-result.ts';
import { chooseServices } from './services.ts';
import type { Services } from './services.ts';
import { startCloud } from './start-cloud.ts';
import type { DeployedTables, EmfDocument, RunningCloud } from './start-cloud.ts';
import type { Account, StackStatus } from './stacks/account.ts';
import { deleteStack } from './stacks/delete-stack.ts';
import { deployStack, refuseUnknownTypes } from './stacks/deploy-stack.ts';
import { createExports } from './stacks/exports.ts';
import type { Member } from './stacks/member.ts';
import type { StoredState } from './stored-state.ts';
import { readAssembly } from './template/assembly.ts';

/** What to deploy, and how. */
export type DeploymentOptions = {
  /** The folder that `cdk synth` wrote to. */
  assemblyDirectory: string;
  /** For what a deployment leaves behind: `logs/<logical id>.log`. Created if missing. */
  stateDirectory: string;
  /**
   * Replace the template's variables in every function that has them; a name that no function has is an
   * error.
   */
  environmentOverrides: Record<string, string>;
  /** Every line that a function prints, other than metrics. */
  onLog?: (entry: { functionLogicalId: string; line: string }) => void;
  /** Makes every n-th firing of each schedule happen twice, as Scheduler's "at least once" allows. */
  scheduleRepeatsEvery?: number;
  /**
   * What stands for SQS and DynamoDB. By default, the emulators where they are installed, else the models;
   * the environment variable LOCAL_AWS chooses as well.
   */
  services?: Services;
  /**
   * How many executions the account has at once, 1,000 by default. A new account may have ten: Lambda refuses
   * what comes beyond.
   */
  accountConcurrency?: number;
  /** Tables of another deployment, which has to outlive this one: what a template names without making it. */
  existingTables?: DeployedTables;
  /** What `store` of an earlier deployment returned. Its tables and queues begin with it. */
  stored?: StoredState;
};

/** A deployed resource, and where it comes from. */
export type LocalResource = {
  stack: string;
  logicalId: string;
  /** The construct's path in the CDK app, for example `Orders/Queue/Resource`. */
  constructPath: string;
  type: string;
  physicalId: string;
};

/** A deployed app. */
export type LocalDeployment = {
  endpoints: {
    dynamodb: string;
    sqs: string;
    secretsManager: string;
    eventBridge: string;
    cloudWatch: string;
  };
  /**
   * Deploys the stacks of another assembly over these, one after the other, as `cdk deploy --all` does:
   * stacks that it does not have stay as they are. Throws what went wrong, after CloudFormation's way back;
   * stacks before it are deployed, those after it are not.
   */
  update(assemblyDirectory: string): Promise<void>;
  /** Deletes a stack, as `cdk destroy` does. Throws where CloudFormation refuses to. */
  deleteStack(name: string): Promise<void>;
  /** How the last operation on the stack ended; undefined for a stack that does not exist. */
  stackStatus(name: string): StackStatus | undefined;
  /** By stack name, then by output key, at this moment. */
  readonly outputs: ReadonlyMap<string, Record<string, string>>;
  /** What is deployed at this moment. */
  readonly resources: LocalResource[];
  /** For a later deployment whose configuration names some of them. */
  tables: DeployedTables;
  /**
   * Runs a function (by name, ARN or logical id) and waits for its result. Throws when there is no such
   * function.
   */
  invoke(functionId: string, payload: unknown): Promise<InvocationResult>;
  /** Sets a secret's current value, by ARN or name. */
  setSecretValue(secretId: string, value: string): void;
  /** What was put on any bus, in order. */
  busEvents(): BusEvent[];
  /** What functions printed in CloudWatch's embedded metric format, in order. */
  metrics(): EmfDocument[];
  /** Lets DynamoDB throttle functions, cancel their transactions, or leave keys unprocessed. */
  dynamodbFaults: Pick<DynamoDbFaults, 'add' | 'clear'>;
  /**
   * What roles have been refused and have not needed, and keys for roles: of other accounts, or made here
   * with managed policies. DynamoDB checks the rights of a key at `dynamodbEndpoint`, as it does for
   * functions; the other services do so at their endpoints.
   */
  access: Pick<AccessControl, 'addRole' | 'denied' | 'issueKey' | 'managedPolicy' | 'unused'> & {
    dynamodbEndpoint: string;
  };
  /** Metrics, alarms and boards. */
  cloudWatch: Pick<CloudWatch, 'metrics' | 'alarms' | 'dashboards' | 'ignoredMetrics' | 'describeAlarms'>;
  /**
   * Resolves once the queue has no message to receive and its mapping works on none. Messages that are hidden
   * after a failed attempt, and those that their group holds back behind one, do not count.
   */
  untilQueueIdle(queueUrl: string): Promise<void>;
  /** Invokes a schedule's target now, by the schedule's logical id, and waits for its result. */
  runSchedule(logicalId: string): Promise<InvocationResult>;
  /** Rejects when an emulator dies, or when a queue's or a stream's mapping cannot go on. */
  failed: Promise<never>;
  /**
   * Ends what runs, and returns what tables and queues hold, for a later deployment. Only `close` may follow.
   */
  store(): Promise<StoredState>;
  /**
   * Ends everything. No process is left, whatever state the deployment is in. Calling it twice is harmless.
   */
  close(): Promise<void>;
};

const DEFAULT_REGION = 'us-east-1';

/** How often `untilQueueIdle` looks. */
const IDLE_CHECK_INTERVAL_MS = 10;

/**
 * Deploys the stacks of a cloud assembly on this machine. Throws, and leaves nothing behind, when a template
 * says something that is not understood, or when an emulator cannot be started.
 */
export async function deployAssembly(options: DeploymentOptions): Promise<LocalDeployment> {
  const assembly = await readAssembly(options.assemblyDirectory);
  refuseUnknownTypes(assembly.stacks);
  const { stored, services = chooseServices() } = options;
  // A table that begins with items gets its stream later, by UpdateTable, which the models do not have.
  if (stored && services === 'models')
    throw new Error('The models of SQS and DynamoDB cannot keep what is stored. Only the emulators can.');
  const metrics: EmfDocument[] = [];
  const running = await startCloud({
    region: assembly.region ?? DEFAULT_REGION,
    logDirectory: join(options.stateDirectory, 'logs'),
    listener: {
      onLine: (entry) => options.onLog?.(entry),
      onMetrics: (document) => metrics.push(document),
    },
    assetDirectories: new Map(assembly.assetDirectories),
    environmentOverrides: options.environmentOverrides,
    compileCacheDirectory: join(options.stateDirectory, 'compile-cache'),
    scheduleRepeatsEvery: options.scheduleRepeatsEvery ?? 0,
    services,
    accountConcurrency: options.accountConcurrency,
    existingTables: options.existingTables,
    stored,
  });

  try {
    const account: Account = { cloud: running.cloud, exports: createExports(), stacks: new Map() };
    for (const stack of assembly.stacks) await deployStack(stack, account);
    refuseUnusedOverrides(running.cloud);
    running.startTriggers();
    return describeDeployment(running, { account, metrics });
  } catch (error) {
    await running.close();
    throw error;
  }
}

function describeDeployment(
  running: RunningCloud,
  { account, metrics }: { account: Account; metrics: EmfDocument[] },
): LocalDeployment {
  const { cloud } = running;
  return {
    endpoints: {
      dynamodb: cloud.dynamodb.endpoint,
      sqs: cloud.sqs.endpoint,
      secretsManager: cloud.secretsManager.endpoint,
      eventBridge: cloud.eventBridge.endpoint,
      cloudWatch: cloud.cloudWatchApi.url,
    },
    update: (assemblyDirectory) => update(assemblyDirectory, account),
    deleteStack: (name) => deleteStack(name, account),
    stackStatus: (name) => account.stacks.get(name)?.status,
    get outputs() {
      return new Map([...account.stacks].map(([name, { outputs }]) => [name, outputs]));
    },
    get resources() {
      return [...account.stacks.values()].flatMap(({ members }) => [...members.values()].map(describe));
    },
    tables: cloud,
    invoke: (functionId, payload) => findFunction(cloud, functionId).invoke(payload),
    setSecretValue: (secretId, value) => {
      cloud.secretsManager.put(secretId, value);
    },
    busEvents: () => cloud.eventBridge.events(),
    metrics: () => [...metrics],
    dynamodbFaults: cloud.dynamodbFaults,
    access: { ...cloud.access, dynamodbEndpoint: cloud.capacityMeter.url },
    cloudWatch: cloud.cloudWatch,
    untilQueueIdle: (queueUrl) => untilQueueIdle(cloud, queueUrl),
    async runSchedule(logicalId) {
      const schedule = cloud.schedules.find((known) => known.logicalId === logicalId);
      if (schedule === undefined) throw new Error(`There is no schedule ${logicalId}.`);
      return schedule.fireNow();
    },
    failed: running.failed,
    store: () => running.store(),
    close: () => running.close(),
  };
}

async function update(assemblyDirectory: string, account: Account): Promise<void> {
  const { cloud } = account;
  const { stacks, assetDirectories } = await readAssembly(assemblyDirectory);
  refuseUnknownTypes(stacks);
  // Those of earlier assemblies stay: a way back needs their code.
  for (const [key, directory] of assetDirectories) cloud.assetDirectories.set(key, directory);
  for (const stack of stacks) await deployStack(stack, account);
  refuseUnusedOverrides(cloud);
}

function describe({ stack, logicalId, constructPath, type, resource }: Member): LocalResource {
  return { stack, logicalId, constructPath, type, physicalId: resource.physicalId };
}

function refuseUnusedOverrides({ functions, environmentOverrides }: LocalCloud): void {
  const known = new Set(functions.flatMap(({ configuration }) => Object.keys(configuration.environment)));
  const unused = Object.keys(environmentOverrides).filter((name) => !known.has(name));
  if (unused.length > 0) throw new Error(`No function has the environment variables ${unused.join(', ')}.`);
}

async function untilQueueIdle(cloud: LocalCloud, queueUrl: string): Promise<void> {
  const consumers = [...cloud.queueConsumers].filter((consumer) => consumer.queueUrl === queueUrl);
  if (consumers.length === 0) throw new Error(`No enabled mapping receives from ${queueUrl}.`);
  for (;;) {
    const idle = await Promise.all(consumers.map((consumer) => consumer.isIdle()));
    if (idle.every(Boolean)) return;
    await delay(IDLE_CHECK_INTERVAL_MS);
  }
}

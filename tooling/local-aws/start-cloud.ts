import { mkdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { arnOf } from './cloud.ts';
import type { DeployedParts, LocalCloud, LogSource } from './cloud.ts';
import { serveCloudWatch } from './emulators/cloudwatch-api.ts';
import { createCloudWatch } from './cloudwatch/cloudwatch.ts';
import type { CloudWatch } from './cloudwatch/cloudwatch.ts';
import type { EmfResult } from './cloudwatch/emf.ts';
import { startCapacityMeter } from './emulators/capacity-meter.ts';
import { createDynamoDbFaults } from './emulators/dynamodb-faults.ts';
import { startEventBridge, type EventBridge } from './emulators/event-bridge.ts';
import { startSecretsManager } from './emulators/secrets-manager.ts';
import { LOCAL_ACCOUNT_ID, type SqsEmulator } from './emulators/sqs-emulator.ts';
import { createAccessControl } from './iam/access-control.ts';
import type { AccessControl } from './iam/access-control.ts';
import type { TableKeys } from './iam/dynamodb-requests.ts';
import { createAccountConcurrency, DEFAULT_ACCOUNT_CONCURRENCY } from './lambda/account-concurrency.ts';
import { createLambdaMetrics } from './lambda/function-metrics.ts';
import { countRequest, putLevel } from './emulators/sqs-metrics.ts';
import { openLog } from './log.ts';
import type { Log } from './log.ts';
import { startProcesses } from './processes.ts';
import { startQueues, startTables } from './services.ts';
import type { Services } from './services.ts';
import { itemsOf, takeMessages } from './stored-state.ts';
import type { StoredState } from './stored-state.ts';
import { deliveredEvent, deliverEvent } from './triggers/rule-delivery.ts';
import { createTriggers } from './triggers/triggers.ts';
import type { Trigger } from './triggers/triggers.ts';

/** A CloudWatch embedded metric format document and the function that printed it. */
export type EmfDocument = { functionLogicalId: string; document: Record<string, unknown> };

/** What hears of the lines that functions print. */
export type LogListener = {
  /** Every line but metrics. */
  onLine(entry: { functionLogicalId: string; line: string }): void;
  onMetrics(metrics: EmfDocument): void;
};

/** What the caller decides about a cloud. */
export type CloudOptions = Pick<
  LocalCloud,
  'region' | 'assetDirectories' | 'environmentOverrides' | 'scheduleRepeatsEvery' | 'compileCacheDirectory'
> & {
  logDirectory: string;
  listener: LogListener;
  /** What stands for SQS and DynamoDB. */
  services: Services;
  /** How many executions the account has at once, 1,000 by default. */
  accountConcurrency?: number | undefined;
  /** Tables of another cloud, which has to outlive this one; this one has none but its own otherwise. */
  existingTables?: DeployedTables | undefined;
  /** What an earlier cloud stored: the tables and queues of this one begin with it. */
  stored?: StoredState | undefined;
};

/** The tables of a cloud, with what stands in them. */
export type DeployedTables = Pick<LocalCloud, 'dynamodb' | 'tableKeys' | 'streamArns'>;

type Closable = { close(): Promise<void> };

/** A cloud and its life. */
export type RunningCloud = {
  cloud: LocalCloud;
  /** Lets queues, streams and schedules invoke functions. */
  startTriggers(): void;
  /** Rejects when an emulator dies, or when a trigger cannot go on. */
  failed: Promise<never>;
  /** Ends everything that runs in it, and returns what is stored. Only `close` may follow. */
  store(): Promise<StoredState>;
  close(): Promise<void>;
};

/**
 * Starts the emulators of a cloud with nothing deployed in it. When one cannot be started, none is left
 * running.
 */
export async function startCloud(options: CloudOptions): Promise<RunningCloud> {
  const { logDirectory, listener, existingTables, stored, accountConcurrency, services, ...given } = options;
  await mkdir(logDirectory, { recursive: true });
  const place = { region: options.region, accountId: LOCAL_ACCOUNT_ID };
  const cloudWatch = createCloudWatch(Date.now());
  const access = createAccessControl(LOCAL_ACCOUNT_ID);
  const tableKeys = new Map<string, TableKeys>(existingTables?.tableKeys);
  const faults = createDynamoDbFaults();
  const opened: Closable[] = [];
  const failure = Promise.withResolvers<never>();
  // Whoever awaits `failed` hears of it; nobody has to.
  failure.promise.catch(() => undefined);
  const begun = new Set<string>();
  const openLogFile = ({ logicalId }: LogSource, onLine: LineHandler<unknown>): Log => {
    const isContinued = begun.has(logicalId);
    begun.add(logicalId);
    return openLog({ directory: logDirectory, name: logicalId, isContinued }, onLine);
  };
  const open = <Part extends Closable>(part: Part): Part => {
    opened.unshift(part);
    return part;
  };

  try {
    const processes = open(startProcesses());
    const dynamodb = existingTables
      ? { ...existingTables.dynamodb, close: () => Promise.resolve() }
      : open(await startTables(services, { processes, region: options.region }));
    const sqs = open(
      await startQueues(services, options.region, {
        access,
        onRequest: (request) => {
          countRequest(cloudWatch.metrics, request);
        },
      }),
    );
    const cloud: LocalCloud = {
      ...given,
      ...place,
      processes,
      dynamodb,
      capacityMeter: open(
        await startCapacityMeter(dynamodb.endpoint, { store: cloudWatch.metrics, access, tableKeys, faults }),
      ),
      dynamodbFaults: faults,
      sqs,
      secretsManager: open(await startSecretsManager(access)),
      eventBridge: open(await startBuses(place, { access, sqs })),
      cloudWatch,
      cloudWatchApi: open(await serveCloudWatch(cloudWatch, access)),
      access,
      tableKeys,
      lambdaMetrics: createLambdaMetrics(cloudWatch.metrics),
      concurrency: createAccountConcurrency(accountConcurrency ?? DEFAULT_ACCOUNT_CONCURRENCY),
      openFunctionLog: (source) =>
        open(
          openLogFile(
            source,
            mayLog(source, { access, place }) ? forFunction(source, listener, cloudWatch) : () => undefined,
          ),
        ),
      openAccessLog: (source) => open(openLogFile(source, forCloudWatch(source, cloudWatch))),
      ...nothingDeployed({ existingTables, stored }, failure.reject),
    };
    cloud.triggers.add(watchQueues(cloud));
    return runCloud(cloud, { opened, failure });
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/** Events go to the targets of rules while PutEvents is answered, as on AWS. */
function startBuses(
  place: { region: string; accountId: string },
  { access, sqs }: { access: AccessControl; sqs: SqsEmulator },
): Promise<EventBridge> {
  return startEventBridge(arnOf(place, 'events', 'event-bus/default'), {
    access,
    deliver: (event, delivery) => {
      const delivered = deliveredEvent(event, { account: place.accountId, region: place.region });
      void deliverEvent(delivered, delivery, { sqs, access });
    },
  });
}

function nothingDeployed(
  {
    existingTables,
    stored = { tables: {}, queues: {} },
  }: { existingTables: DeployedTables | undefined; stored: StoredState | undefined },
  onFailure: (error: unknown) => void,
): DeployedParts {
  return {
    functions: [],
    httpApis: new Map(),
    schedules: [],
    queueConsumers: new Set(),
    triggers: createTriggers(onFailure),
    streamPositions: new Map(),
    generations: new Map(),
    namesInUse: new Map(),
    stored: {
      tables: new Map(Object.entries(stored.tables)),
      queues: new Map(Object.entries(stored.queues)),
    },
    streamArns: new Map(existingTables?.streamArns),
  };
}

/**
 * How often the levels of queues are taken: AWS does so each minute, which is longer than many a local run
 * lasts.
 */
const QUEUE_LEVEL_INTERVAL_MS = 1000;

/** Looking at full queues takes time: no more than so much of it all. */
const QUEUE_LEVEL_SHARE = 0.05;

function watchQueues({ sqs, cloudWatch }: LocalCloud): Trigger {
  return {
    async run(until) {
      while (!until.aborted) {
        const startedAtMs = Date.now();
        for (const level of await sqs.levels()) putLevel(cloudWatch.metrics, level, startedAtMs);
        const tookMs = Date.now() - startedAtMs;
        const pauseMs = Math.max(QUEUE_LEVEL_INTERVAL_MS, tookMs / QUEUE_LEVEL_SHARE);
        await delay(pauseMs, undefined, { signal: until }).catch(() => undefined);
      }
    },
  };
}

const LOG_ACTIONS = ['logs:CreateLogStream', 'logs:PutLogEvents'];

/** Lambda writes a function's log under its role, and drops what that may not write. */
function mayLog(
  { logGroupName, roleArn }: { logGroupName: string; roleArn: string },
  { access, place }: { access: AccessControl; place: { region: string; accountId: string } },
): boolean {
  const resource = arnOf(place, 'logs', `log-group:${logGroupName}:log-stream:local`);
  return LOG_ACTIONS.every((action) => access.allows(roleArn, { action, resource }));
}

type LineHandler<Result> = (line: string) => Result;

function forCloudWatch({ logGroupName }: LogSource, cloudWatch: CloudWatch): LineHandler<EmfResult> {
  return (line) => cloudWatch.takeInLine({ logGroupName, line, atMs: Date.now() });
}

/** Lets CloudWatch hear of a line, and then the caller. */
function forFunction(source: LogSource, listener: LogListener, cloudWatch: CloudWatch): LineHandler<void> {
  const takeIn = forCloudWatch(source, cloudWatch);
  const functionLogicalId = source.logicalId;
  return (line) => {
    const reading = takeIn(line);
    if (reading.kind === 'metrics') listener.onMetrics({ functionLogicalId, document: reading.document });
    else listener.onLine({ functionLogicalId, line });
  };
}

function runCloud(
  cloud: LocalCloud,
  { opened, failure }: { opened: Closable[]; failure: PromiseWithResolvers<never> },
): RunningCloud {
  cloud.dynamodb.failed.catch(failure.reject);

  // From the outside in: what invokes, what runs, what is called.
  const close = async () => {
    cloud.triggers.stop();
    await closeAll([...cloud.httpApis.values()]);
    for (const localFunction of cloud.functions) localFunction.close();
    await Promise.all([cloud.dynamodb.close(), cloud.processes.close()]);
    await cloud.triggers.ended();
    await closeAll(opened);
  };
  const store = async (): Promise<StoredState> => {
    cloud.triggers.stop();
    await closeAll([...cloud.httpApis.values()]);
    await cloud.triggers.ended();
    for (const localFunction of cloud.functions) localFunction.close();
    // State of tables and queues that this cloud does not have is handed on unchanged.
    const { tables, queues } = cloud.stored;
    for (const table of cloud.tableKeys.keys()) tables.set(table, await itemsOf(cloud, table));
    for (const { queueName } of await cloud.sqs.levels())
      queues.set(queueName, await takeMessages(cloud, queueName));
    return { tables: Object.fromEntries(tables), queues: Object.fromEntries(queues) };
  };
  let closing: Promise<void> | undefined;
  return {
    cloud,
    startTriggers: () => {
      cloud.triggers.start();
    },
    failed: failure.promise,
    store,
    close: () => (closing ??= close()),
  };
}

async function closeAll(parts: Closable[]): Promise<void> {
  for (const part of parts) await part.close();
}

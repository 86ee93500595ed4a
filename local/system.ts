import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as z from 'zod';

import { deployAssembly, type DeliveredEvent, type LocalDeployment } from '@button-serverless/local-aws';
import { startButtonSimulator, type ButtonSimulator } from '@button-serverless/button-simulator';
import { startControlServer, type ControlServer } from './control-server.ts';
import { deliveredEvents } from './delivered-event.ts';
import { keep, readKept } from './kept-state.ts';
import { synthesize } from './synthesize.ts';

/** What to run on this machine. */
export type SystemOptions = {
  configFile: string;
  /** For logs and caches; created if missing. */
  stateDirectory: string;
  /**
   * The `tables` of another system, which must run longer than this one: those that the configuration names
   * under `existingTables`.
   */
  existingTables?: LocalDeployment['tables'];
  /** The file with what an earlier system stored. At its end, this system writes its own state there. */
  keptFile?: string;
  /** How many executions the account has at once, 1,000 by default; a new account may have ten. */
  accountConcurrency?: number;
  /** Another Button than the simulator. */
  buttonUrl?: string;
  /** The API key that every flow uses. */
  apiKey: string;
  /** The webhooks' secrets; the first one is the simulator's. */
  webhookSecrets: readonly [string, ...string[]];
  /** 0 takes any free port. */
  controlPort: number;
  /** Called with each step of the start. */
  onProgress?: (text: string) => void;
  /** Ends the start. */
  signal?: AbortSignal;
};

/** The endpoints. Those that the configuration does not deploy are missing. */
export type Endpoints = {
  webhookUrl?: string;
  /** The first brand's queue. */
  orderQueueUrl?: string;
  /** Every brand's queue, by the brand's name in the stack's outputs. */
  orderQueueUrls: Record<string, string>;
  /** The ids of the brands. */
  brands: string[];
  /** The queue of the publisher's own consumer. */
  rewardQueueUrl?: string;
  /** What signs the events that are delivered to the publisher's URL, where they are. */
  eventDeliverySecrets?: string;
  /** The publisher API, where its setting turns it on. */
  publisherApiUrl?: string;
  sqsEndpoint: string;
  dynamodbEndpoint: string;
  secretsManagerEndpoint: string;
  eventBridgeEndpoint: string;
  /** Logical name to table name. */
  tables: Record<string, string>;
  buttonUrl: string;
  /** Simulator only. */
  buttonControlUrl?: string;
  buttonApiKey: string;
  webhookSecret: string;
  /** A POST runs the reconciler and answers when that run is over. */
  reconcileUrl: string;
  /** A GET lists the events on the bus. */
  eventsUrl: string;
  /** A GET lists the metrics emitted so far. */
  metricsUrl: string;
  /** A GET lists every alarm and its state at the end of this minute, if no more data comes. */
  alarmsUrl: string;
  /** What `cdk deploy --outputs-file` would have written: for `npm run ops`. */
  outputsFile: string;
};

/** The whole system, running. */
export type LocalSystem = {
  endpoints: Endpoints;
  /** Reads every account now; resolves when that run is over. */
  reconcile: () => Promise<unknown>;
  /** Whether it has begun with what an earlier system stored. */
  isContinued: boolean;
  /** The events on the publisher's bus. */
  events: () => DeliveredEvent[];
  /** The documents in CloudWatch's embedded metric format that functions printed. */
  metrics: () => Record<string, unknown>[];
  resources: LocalDeployment['resources'];
  /** For a later system whose configuration names some of them. */
  tables: LocalDeployment['tables'];
  /** Lets DynamoDB throttle functions, cancel their transactions, or leave keys unprocessed. */
  dynamodbFaults: LocalDeployment['dynamodbFaults'];
  /** The rights that roles were refused, and those that they have not needed. */
  access: LocalDeployment['access'];
  /** Metrics, alarms and boards. */
  cloudWatch: LocalDeployment['cloudWatch'];
  /**
   * Deploys another configuration over this one, as `cdk deploy --all` does, and keeps what is stored. The
   * secrets of what is new are set. Returns the new endpoints. Throws what CloudFormation refuses.
   */
  redeploy: (configFile: string) => Promise<Endpoints>;
  /** Deletes a stack, as `cdk destroy` does. */
  deleteStack: LocalDeployment['deleteStack'];
  /** Rejects when a part of it dies. */
  failed: Promise<never>;
  /** Ends everything and leaves no process behind. */
  close: () => Promise<void>;
};

/**
 * Builds the system, deploys it on this machine, sets the secrets as its owner would, and starts a Button
 * simulator.
 *
 * If any of it fails, throws and leaves nothing behind.
 */
export async function startSystem(options: SystemOptions): Promise<LocalSystem> {
  const { configFile, stateDirectory, onProgress = () => undefined, signal } = options;
  onProgress('Synthesizing the stacks and bundling the functions');
  const { assemblyDirectory, reused } = await synthesize({
    configFile,
    ...(signal ? { signal } : {}),
  });
  onProgress(reused ? 'Nothing has changed since the last synthesis' : 'Synthesized');

  const { keptFile } = options;
  const kept = keptFile === undefined ? undefined : await readKept(keptFile);
  const parts: { close: () => Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    for (const part of parts.toReversed()) await part.close();
  };
  try {
    const simulator = options.buttonUrl === undefined ? await startSimulator(options) : undefined;
    if (kept?.button) simulator?.controls.restore(kept.button);
    if (simulator) parts.push(simulator);
    const buttonUrl = options.buttonUrl ?? simulator?.url ?? '';
    onProgress('Deploying the templates on this machine');
    const deployment = await deployAssembly({
      assemblyDirectory,
      stateDirectory,
      environmentOverrides: { BUTTON_API_URL: buttonUrl },
      ...(options.accountConcurrency !== undefined && { accountConcurrency: options.accountConcurrency }),
      ...(options.existingTables && { existingTables: options.existingTables }),
      ...(keptFile !== undefined && { stored: kept?.stored ?? { tables: {}, queues: {} } }),
    });
    parts.push(deployment);
    signal?.throwIfAborted();
    return await connect({
      options,
      deployment,
      simulator,
      buttonUrl,
      parts,
      isContinued: kept !== undefined,
      async close() {
        try {
          if (keptFile !== undefined) await keepState(keptFile, { deployment, simulator });
        } finally {
          await close();
        }
      },
    });
  } catch (error) {
    await close();
    throw error;
  }
}

/** Ends what may still change the state, and leaves the state in the file. */
async function keepState(
  file: string,
  { deployment, simulator }: { deployment: LocalDeployment; simulator: ButtonSimulator | undefined },
): Promise<void> {
  const stored = await deployment.store();
  await keep(file, { stored, ...(simulator && { button: simulator.controls.state() }) });
}

function startSimulator({ apiKey }: SystemOptions): Promise<ButtonSimulator> {
  return startButtonSimulator({ brandApiKey: apiKey, publisherApiKey: apiKey });
}

type StartedParts = {
  options: SystemOptions;
  deployment: LocalDeployment;
  simulator: ButtonSimulator | undefined;
  buttonUrl: string;
  /** The parts that are running. `connect` adds the others. */
  parts: { close: () => Promise<void> }[];
  isContinued: boolean;
  close: () => Promise<void>;
};

async function connect({
  options,
  deployment,
  simulator,
  buttonUrl,
  parts,
  isContinued,
  close,
}: StartedParts): Promise<LocalSystem> {
  const known = outputsOf(deployment);
  setSecrets(deployment, known, options);
  const [webhookSecret] = options.webhookSecrets;
  if (known.WebhookUrl !== undefined) {
    simulator?.controls.setWebhookEndpoints([
      { name: 'local', url: known.WebhookUrl, secret: webhookSecret },
    ]);
  }

  const reconcile = () => runReconciler(deployment, known);
  const { EventBusArn: busArn } = known;
  const events = () => (busArn === undefined ? [] : deliveredEvents(deployment, busArn));
  const metrics = () => deployment.metrics().map(({ document }) => document);
  const control = await startControlServer({
    port: options.controlPort,
    reconcile,
    events,
    metrics,
    alarms: () => deployment.cloudWatch.describeAlarms(Date.now()),
  });
  parts.push(control);
  // As the schedule would do soon: transactions that change from now on are live, older ones are historical.
  if (known.ReconciliationPlannerName !== undefined) await plan(deployment, known.ReconciliationPlannerName);

  const outputsFile = join(options.stateDirectory, 'cdk-outputs.json');
  await writeOutputs(outputsFile, deployment, { buttonUrl, simulator });
  // A later reader of this file must not take an ended system for a running one.
  parts.push({ close: () => rm(outputsFile, { force: true }) });

  const endpointsNow = (outputs: Outputs): Endpoints => ({
    ...describeEndpoints({ options, deployment, outputs, simulator, buttonUrl, control }),
    outputsFile,
  });
  return {
    endpoints: endpointsNow(known),
    async redeploy(configFile) {
      const before = outputsOf(deployment);
      const { assemblyDirectory } = await synthesize({ configFile });
      await deployment.update(assemblyDirectory);
      const outputs = outputsOf(deployment);
      const added = Object.entries(outputs).filter(([name, value]) => before[name] !== value);
      setSecrets(deployment, OutputsSchema.parse(Object.fromEntries(added)), options);
      await writeOutputs(outputsFile, deployment, { buttonUrl, simulator });
      return endpointsNow(outputs);
    },
    deleteStack: (name) => deployment.deleteStack(name),
    isContinued,
    reconcile,
    events,
    metrics,
    get resources() {
      return deployment.resources;
    },
    tables: deployment.tables,
    dynamodbFaults: deployment.dynamodbFaults,
    access: deployment.access,
    cloudWatch: deployment.cloudWatch,
    failed: deployment.failed,
    close,
  };
}

/** The stacks' outputs, all in one; each flow's are there if it is deployed. */
const OutputsSchema = z
  .object({
    WebhookUrl: z.string(),
    PublisherApiUrl: z.string(),
    RewardQueueUrl: z.string(),
    WebhookSecretsArn: z.string(),
    EventDeliverySecretsArn: z.string(),
    EventBusArn: z.string(),
    ReadQueueUrl: z.string(),
    ReconciliationPlannerName: z.string(),
  })
  .partial()
  .catchall(z.string());

type Outputs = z.infer<typeof OutputsSchema>;

function outputsOf({ outputs }: LocalDeployment): Outputs {
  return OutputsSchema.parse(
    Object.fromEntries([...outputs.values()].flatMap((stack) => Object.entries(stack))),
  );
}

const ORDER_QUEUE_URL = 'OrderQueueUrl';
const API_KEY_SECRET_ARN = 'ApiKeySecretArn';

function setSecrets(
  deployment: LocalDeployment,
  outputs: Outputs,
  { apiKey, webhookSecrets }: SystemOptions,
): void {
  for (const [name, value] of Object.entries(outputs)) {
    if (name.startsWith(API_KEY_SECRET_ARN) && value !== undefined) deployment.setSecretValue(value, apiKey);
  }
  if (outputs.WebhookSecretsArn !== undefined) {
    const named = webhookSecrets.map((secret, index) => ({ name: `local-${index + 1}`, secret }));
    deployment.setSecretValue(outputs.WebhookSecretsArn, JSON.stringify(named));
  }
  if (outputs.EventDeliverySecretsArn !== undefined)
    deployment.setSecretValue(outputs.EventDeliverySecretsArn, LOCAL_DELIVERY_SECRET);
}

/** Signs the events that this machine delivers to `transactions.rewardQueue.deliverTo`. */
const LOCAL_DELIVERY_SECRET = `whsec_${Buffer.from('local-event-delivery-secret').toString('base64')}`;

/** The stage's tables, created or existing, by their logical names: `OrderLedger`. */
function tablesIn(outputs: Outputs): Record<string, string> {
  return Object.fromEntries(
    Object.entries(outputs).flatMap(([name, value]) =>
      name.endsWith(TABLE_NAME) && value !== undefined ? [[name.slice(0, -TABLE_NAME.length), value]] : [],
    ),
  );
}

const TABLE_NAME = 'TableName';

/**
 * The functions call the Button that was started, whatever the template says. Beside the stacks, the file has
 * the addresses of AWS on this machine, so that `npm run ops` needs no variables.
 */
async function writeOutputs(
  file: string,
  { outputs, endpoints }: LocalDeployment,
  { buttonUrl, simulator }: { buttonUrl: string; simulator: ButtonSimulator | undefined },
): Promise<void> {
  const withButton = ([name, value]: [string, string]): [string, string] => {
    if (name === 'ButtonApiUrl') return [name, buttonUrl];
    if (!name.startsWith('OrderSettings')) return [name, value];
    const settings = z.looseObject({}).parse(JSON.parse(value));
    return [name, JSON.stringify({ ...settings, buttonApiUrl: buttonUrl })];
  };
  const local = { ...endpoints, ...(simulator && { buttonControl: simulator.controlUrl }) };
  const document: Record<string, Record<string, string>> = { LocalEndpoints: local };
  for (const [stack, values] of outputs)
    document[stack] = Object.fromEntries(Object.entries(values).map(withButton));
  await writeFile(file, JSON.stringify(document, null, 2));
}

async function runReconciler(deployment: LocalDeployment, outputs: Outputs): Promise<unknown> {
  const { ReconciliationPlannerName: planner, ReadQueueUrl: queueUrl } = outputs;
  if (planner === undefined || queueUrl === undefined)
    throw new Error('This configuration deploys no reconciler.');
  const planned = await plan(deployment, planner);
  await deployment.untilQueueIdle(queueUrl);
  return planned;
}

async function plan(deployment: LocalDeployment, planner: string): Promise<unknown> {
  const result = await deployment.invoke(planner, {});
  if (result.status !== 'succeeded') throw new Error(`The planner failed: ${result.error.errorMessage}`);
  return result.payload;
}

/** The reward queue; if a function delivers its events, only that takes them off, and a secret signs them. */
function rewardsIn({
  RewardQueueUrl: rewardQueueUrl,
  EventDeliverySecretsArn: secretsArn,
}: Outputs): Pick<Endpoints, 'rewardQueueUrl' | 'eventDeliverySecrets'> {
  if (secretsArn !== undefined) return { eventDeliverySecrets: LOCAL_DELIVERY_SECRET };
  return rewardQueueUrl === undefined ? {} : { rewardQueueUrl };
}

function describeEndpoints({
  options,
  deployment,
  outputs,
  simulator,
  buttonUrl,
  control,
}: {
  options: SystemOptions;
  deployment: LocalDeployment;
  outputs: Outputs;
  simulator: ButtonSimulator | undefined;
  buttonUrl: string;
  control: ControlServer;
}): Omit<Endpoints, 'outputsFile'> {
  const { endpoints } = deployment;
  const orderQueueUrls = Object.fromEntries(
    Object.entries(outputs).flatMap(([name, value]) =>
      name.startsWith(ORDER_QUEUE_URL) && value !== undefined
        ? [[name.slice(ORDER_QUEUE_URL.length), value]]
        : [],
    ),
  );
  const [orderQueueUrl] = Object.values(orderQueueUrls);
  return {
    ...(outputs.WebhookUrl === undefined ? {} : { webhookUrl: outputs.WebhookUrl }),
    ...(orderQueueUrl === undefined ? {} : { orderQueueUrl }),
    orderQueueUrls,
    brands: [...deployment.outputs.keys()].flatMap((stack) => /-Brand-(.+)$/.exec(stack)?.[1] ?? []),
    ...rewardsIn(outputs),
    ...(outputs.PublisherApiUrl === undefined ? {} : { publisherApiUrl: outputs.PublisherApiUrl }),
    sqsEndpoint: endpoints.sqs,
    dynamodbEndpoint: endpoints.dynamodb,
    secretsManagerEndpoint: endpoints.secretsManager,
    eventBridgeEndpoint: endpoints.eventBridge,
    tables: tablesIn(outputs),
    buttonUrl,
    ...(simulator ? { buttonControlUrl: simulator.controlUrl } : {}),
    buttonApiKey: options.apiKey,
    webhookSecret: options.webhookSecrets[0],
    ...control.urls,
  };
}

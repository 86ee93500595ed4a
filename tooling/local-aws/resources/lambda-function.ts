import * as z from 'zod';
import { arnOf, findFunction } from '../cloud.ts';
import type { LocalCloud } from '../cloud.ts';
import type { EnvironmentContext } from '../lambda/execution-environment.ts';
import { reservedNames } from '../lambda/function-configuration.ts';
import type { FunctionConfiguration } from '../lambda/function-configuration.ts';
import { createLocalFunction } from '../lambda/local-function.ts';
import { defineResource, physicalName, removalFrom } from '../resource-definition.ts';
import type { ResourceSite } from '../resource-definition.ts';

/**
 * As many processes as one machine should start for one function; further invocations wait for their turn.
 */
const PROCESSES_ON_THIS_MACHINE = 10;

/**
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html: "The Init phase is limited to
 * 10 seconds."
 */
const INIT_LIMIT_MS = 10_000;

/**
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: "4 KB, for all environment
 * variables".
 */
const ENVIRONMENT_LIMIT_BYTES = 4096;

const properties = {
  FunctionName: z.string().optional(),
  // This process runs the functions too, so its Node.js must be the runtime's.
  Runtime: z.literal('nodejs24.x'),
  Handler: z.string(),
  Role: z.string(),
  PackageType: z.literal('Zip').optional(),
  Code: z.strictObject({
    S3Key: z.string(),
    S3Bucket: z.unknown(), // no local effect: the content is found by its key
  }),
  Environment: z.strictObject({ Variables: z.record(z.string(), z.string()) }).optional(),
  Timeout: z.int().min(1).max(900).default(3),
  MemorySize: z.int().min(128).max(10_240).default(128),
  RecursiveLoop: z.enum(['Allow', 'Terminate']).default('Terminate'),
  ReservedConcurrentExecutions: z.int().min(0).optional(),
  LoggingConfig: z
    .strictObject({
      LogFormat: z.enum(['JSON', 'Text']).default('Text'),
      ApplicationLogLevel: z.string().default('INFO'),
      LogGroup: z.string().optional(),
      SystemLogLevel: z.unknown().optional(), // no local effect: system events are not imitated
    })
    .optional(),
};
type FunctionProperties = z.infer<z.ZodObject<typeof properties>>;

/** A function: its own bundle, run in processes of its own. */
export const lambdaFunction = defineResource({
  type: 'AWS::Lambda::Function',
  properties,
  nameProperty: 'FunctionName',
  withoutLocalEffect: {
    Architectures: 'the code is JavaScript and runs on this machine’s processor',
    Description: 'nothing reads it',
    EphemeralStorage: 'functions see this machine’s own disk',
    KmsKeyArn: 'nothing leaves this machine',
    Tags: 'nothing reads them',
    TracingConfig: 'there is no X-Ray here',
  },
  create(described, site) {
    if (!process.version.startsWith('v24.')) {
      throw new Error(`Runtime nodejs24.x needs Node.js 24 to be imitated; this is ${process.version}.`);
    }
    const configuration = configurationOf(described, site);
    const { functions } = site.cloud;
    const created = createLocalFunction(configuration, contextOf(configuration, site.cloud));
    functions.push(created);
    return {
      physicalId: configuration.name,
      attributes: { Arn: configuration.arn },
      remove: () => {
        removalFrom(functions, created)();
        created.close();
      },
    };
  },
  /** What invokes it goes on; new environments have the new code and settings. */
  update(described, { resource, site }) {
    const configuration = configurationOf(described, site);
    findFunction(site.cloud, resource.physicalId).update(configuration, contextOf(configuration, site.cloud));
    return resource;
  },
});

function contextOf(configuration: FunctionConfiguration, cloud: LocalCloud): EnvironmentContext {
  cloud.access.assume(configuration.roleArn, 'lambda.amazonaws.com');
  return {
    processes: cloud.processes,
    region: cloud.region,
    endpoints: endpointsOf(cloud),
    concurrency: cloud.concurrency,
    accessKeyId: cloud.access.issueKey(configuration.roleArn),
    compileCacheDirectory: cloud.compileCacheDirectory,
    log: cloud.openFunctionLog(configuration),
    metrics: cloud.lambdaMetrics.forFunction(configuration.name),
  };
}

function configurationOf(described: FunctionProperties, site: ResourceSite): FunctionConfiguration {
  const { cloud } = site;
  const name = described.FunctionName ?? physicalName(site, { maxLength: 64 });
  const codeDirectory = cloud.assetDirectories.get(described.Code.S3Key);
  if (codeDirectory === undefined) throw new Error(`The assembly has no asset ${described.Code.S3Key}.`);

  const configuration: FunctionConfiguration = {
    logicalId: site.logicalId,
    name,
    arn: arnOf(cloud, 'lambda', `function:${name}`),
    roleArn: described.Role,
    handler: described.Handler,
    codeDirectory,
    timeoutMs: described.Timeout * 1000,
    memorySizeMb: described.MemorySize,
    logFormat: described.LoggingConfig?.LogFormat ?? 'Text',
    applicationLogLevel: described.LoggingConfig?.ApplicationLogLevel ?? 'INFO',
    logGroupName: described.LoggingConfig?.LogGroup ?? `/aws/lambda/${name}`,
    environment: {},
    reservedConcurrency: described.ReservedConcurrentExecutions,
    processLimit: PROCESSES_ON_THIS_MACHINE,
    recursiveLoop: described.RecursiveLoop,
    initLimitMs: INIT_LIMIT_MS,
  };
  return { ...configuration, environment: environmentOf(described, { cloud, configuration }) };
}

/** The template's variables as AWS would accept them, with the caller's overrides. */
function environmentOf(
  described: FunctionProperties,
  { cloud, configuration }: { cloud: LocalCloud; configuration: FunctionConfiguration },
): Record<string, string> {
  const variables = described.Environment?.Variables ?? {};
  const names = Object.keys(variables);
  const reserved = reservedNames(names, configuration);
  if (reserved.length > 0)
    throw new Error(`Lambda reserves the environment variables ${reserved.join(', ')}.`);
  if (Buffer.byteLength(JSON.stringify(variables)) > ENVIRONMENT_LIMIT_BYTES) {
    throw new Error(`The environment variables exceed Lambda's limit of ${ENVIRONMENT_LIMIT_BYTES} bytes.`);
  }
  const overrides = Object.entries(cloud.environmentOverrides).filter(([name]) => names.includes(name));
  return { ...variables, ...Object.fromEntries(overrides) };
}

function endpointsOf(cloud: LocalCloud): Record<string, string> {
  return {
    AWS_ENDPOINT_URL_DYNAMODB: cloud.capacityMeter.url,
    AWS_ENDPOINT_URL_SQS: cloud.sqs.endpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: cloud.secretsManager.endpoint,
    AWS_ENDPOINT_URL_EVENTBRIDGE: cloud.eventBridge.endpoint,
  };
}

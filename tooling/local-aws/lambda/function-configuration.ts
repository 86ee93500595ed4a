/** A function as its template describes it, with everything local already filled in. */
export type FunctionConfiguration = {
  logicalId: string;
  name: string;
  arn: string;
  /** What the function acts under. */
  roleArn: string;
  /** "file.export" within `codeDirectory`. */
  handler: string;
  codeDirectory: string;
  timeoutMs: number;
  memorySizeMb: number;
  logFormat: 'JSON' | 'Text';
  applicationLogLevel: string;
  logGroupName: string;
  /** The template's variables, with the caller's overrides. */
  environment: Record<string, string>;
  /** The template's ReservedConcurrentExecutions. */
  reservedConcurrency: number | undefined;
  /** How many processes of the function this machine runs at once; further invocations wait for one. */
  processLimit: number;
  /** What becomes of a loop of invocations. */
  recursiveLoop: 'Allow' | 'Terminate';
  /** How long the code may take to load: 10 s on Lambda. */
  initLimitMs: number;
};

/**
 * The variables of https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, "Defined runtime
 * environment variables". Lambda refuses a function that sets one of these itself.
 */
export function runtimeEnvironment(
  configuration: FunctionConfiguration,
  place: { region: string; logStreamName: string; runtimeApi: string; accessKeyId: string },
): Record<string, string> {
  return {
    _HANDLER: configuration.handler,
    _X_AMZN_TRACE_ID: '',
    AWS_DEFAULT_REGION: place.region,
    AWS_REGION: place.region,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: configuration.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(configuration.memorySizeMb),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: configuration.logGroupName,
    AWS_LAMBDA_LOG_STREAM_NAME: place.logStreamName,
    AWS_ACCESS_KEY: place.accessKeyId,
    AWS_ACCESS_KEY_ID: place.accessKeyId,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    AWS_LAMBDA_RUNTIME_API: place.runtimeApi,
    LAMBDA_TASK_ROOT: configuration.codeDirectory,
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    AWS_LAMBDA_LOG_FORMAT: configuration.logFormat,
    AWS_LAMBDA_LOG_LEVEL: configuration.applicationLogLevel,
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    PATH: '/usr/local/bin:/usr/bin:/bin',
  };
}

/** Names from the same page that a template may set after all ("unreserved"), or that are ours. */
const UNRESERVED = new Set([
  'LANG',
  'TZ',
  'PATH',
  'AWS_LAMBDA_LOG_FORMAT',
  'AWS_LAMBDA_LOG_LEVEL',
  '_X_AMZN_TRACE_ID',
]);

/** The names among `names` that Lambda keeps for itself. */
export function reservedNames(names: string[], configuration: FunctionConfiguration): string[] {
  const reserved = runtimeEnvironment(configuration, {
    region: '',
    logStreamName: '',
    runtimeApi: '',
    accessKeyId: '',
  });
  return names.filter((name) => Object.hasOwn(reserved, name) && !UNRESERVED.has(name));
}

import { PolicyDocument, type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  Function,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

import { bundleFolder, dataRemovalPolicy, type Deployment } from '../deployment.ts';
import { metricsNamespace } from '../metrics.ts';
import { permission } from './permission.ts';

/** What distinguishes one function from another. */
export type LambdaFunctionProps = {
  deployment: Deployment;
  /** The function's folder in functions/. */
  name: string;
  timeoutSeconds: number;
  environment: Record<string, string>;
  /** Every right besides writing its own log and traces. */
  permissions: PolicyStatement[];
  /**
   * It starts itself again on purpose, through a queue. Without this setting, Lambda stops such a chain after
   * about 16 invocations.
   *
   * Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
   */
  isLoop?: boolean;
};

/**
 * A function with what all of ours have: Node.js 24 on arm64, JSON logs that are kept as long as the stage
 * says, explicit rights.
 *
 * It has no reserved concurrency: a new account has only ten concurrent executions, and a reserve that is too
 * small would send messages back to their queue. Mappings and the webhook's throttle limit the concurrency.
 */
export class LambdaFunction extends Construct {
  /** The function itself. */
  readonly lambda: Function;

  constructor(scope: Construct, id: string, props: LambdaFunctionProps) {
    super(scope, id);
    const { config } = props.deployment;
    const logGroup = new LogGroup(this, 'Logs', {
      retention: config.logRetentionDays,
      removalPolicy: dataRemovalPolicy(props.deployment),
    });
    const statements = [writeLogs(logGroup), ...(config.tracing ? [sendTraces()] : []), ...props.permissions];
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: { Permissions: new PolicyDocument({ statements }) },
    });
    this.lambda = new Function(this, 'Function', {
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 512,
      code: Code.fromAsset(bundleFolder(props.deployment, props.name)),
      handler: 'index.handler',
      timeout: Duration.seconds(props.timeoutSeconds),
      environment: { ...props.environment, METRICS_NAMESPACE: metricsNamespace(props.deployment) },
      // The role has all rights already; the CDK adds none by itself.
      role: role.withoutPolicyUpdates(),
      ...(props.isLoop && { recursiveLoop: RecursiveLoop.ALLOW }),
      tracing: config.tracing ? Tracing.ACTIVE : Tracing.DISABLED,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      systemLogLevelV2: SystemLogLevel.WARN,
    });
  }
}

/** Every function of the scope's stack, once all of them exist. */
export function functionsOfStack(scope: Construct): LambdaFunction[] {
  return Stack.of(scope)
    .node.findAll()
    .filter((construct) => construct instanceof LambdaFunction);
}

function writeLogs(logGroup: LogGroup): PolicyStatement {
  return permission(['logs:CreateLogStream', 'logs:PutLogEvents'], logGroup.logGroupArn);
}

/** X-Ray has no resources to limit this to. */
function sendTraces(): PolicyStatement {
  return permission(['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], '*');
}

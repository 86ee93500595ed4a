import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { FilterPattern, LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

import { METRICS_NAMESPACE } from '../../shared/domain/metrics.ts';
import { dataRemovalPolicy, type Deployment } from '../deployment.ts';
import type { OverallMetricName } from '../metrics.ts';
import type { LambdaFunction } from './lambda-function.ts';
import { pinLogicalId } from './logical-id.ts';

/** What the endpoint needs. */
export type WebhookEndpointProps = {
  deployment: Deployment;
  receiver: LambdaFunction;
  throttle: { rateLimit: number; burstLimit: number };
};

const PATH = '/webhooks/button';

/** The public URL that somebody types into Button's Dashboard: one route, to one function, capped. */
export class WebhookEndpoint extends Construct {
  /** The whole URL. */
  readonly url: string;
  /** What every request came to, in the fields of `accessLogFormat`. */
  readonly accessLogs: LogGroup;

  constructor(scope: Construct, id: string, { deployment, receiver, throttle }: WebhookEndpointProps) {
    super(scope, id);
    const api = new HttpApi(this, 'Api', {
      apiName: `Button-${deployment.config.stage}-Webhooks`,
      createDefaultStage: false,
    });
    // The URL follows from this id: with another, Button would send its webhooks into the void.
    pinLogicalId(api, 'WebhookApi');
    api.addRoutes({
      path: PATH,
      methods: [HttpMethod.POST],
      integration: new HttpLambdaIntegration('Receiver', receiver.lambda),
    });
    this.accessLogs = new LogGroup(this, 'AccessLogs', {
      retention: deployment.config.logRetentionDays,
      removalPolicy: dataRemovalPolicy(deployment),
    });
    const stage = new HttpStage(this, 'Stage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      throttle,
      accessLogSettings: {
        destination: new LogGroupLogDestination(this.accessLogs),
        format: accessLogFormat(),
      },
    });
    this.#countForPauseRule();
    this.url = `${api.apiEndpoint}${PATH}`;
    pinLogicalId(stage, 'WebhookStage');
  }

  /**
   * Counts what Button counts when it decides to pause the webhook, above 10% failures in an hour: here, because no function sees what
   * the gateway throttles. A 401 is a failure to Button only if it was Button's; a forger's is none.
   *
   * Source: docs/button/webhooks.md, "Retries and automatic pause" and "Request".
   */
  #countForPauseRule(): void {
    const isFromButton = '$.userAgent = "Button Webhooks*"';
    const isFailure = `($.status = "5*") || ($.status = "429") || (($.status = "401") && (${isFromButton}))`;
    this.#count('WebhooksFromButton', `{ ${isFromButton} }`);
    this.#count('WebhooksFailedForButton', `{ ${isFailure} }`);
  }

  /** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html */
  #count(metricName: OverallMetricName, pattern: string): void {
    new MetricFilter(this, metricName, {
      logGroup: this.accessLogs,
      filterPattern: FilterPattern.literal(pattern),
      metricNamespace: METRICS_NAMESPACE,
      metricName,
      metricValue: '1',
      defaultValue: 0,
    });
  }
}

/**
 * What is known of every request, throttled ones too, which no function sees. No caller's address: it's personal data.
 *
 * Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
 */
function accessLogFormat(): AccessLogFormat {
  return AccessLogFormat.custom(
    JSON.stringify({
      requestId: '$context.requestId',
      requestTime: '$context.requestTime',
      routeKey: '$context.routeKey',
      status: '$context.status',
      responseLatencyMs: '$context.responseLatency',
      integrationStatus: '$context.integrationStatus',
      integrationError: '$context.integrationErrorMessage',
      error: '$context.error.message',
      userAgent: '$context.identity.userAgent',
    }),
  );
}

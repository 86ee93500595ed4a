import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

import { dataRemovalPolicy, type Deployment } from '../deployment.ts';
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
    const accessLogs = new LogGroup(this, 'AccessLogs', {
      retention: deployment.config.logRetentionDays,
      removalPolicy: dataRemovalPolicy(deployment),
    });
    const stage = new HttpStage(this, 'Stage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      throttle,
      accessLogSettings: { destination: new LogGroupLogDestination(accessLogs), format: accessLogFormat() },
    });
    this.url = `${api.apiEndpoint}${PATH}`;
    pinLogicalId(stage, 'WebhookStage');
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

import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  ApiMapping,
  DomainName,
  HttpApi,
  HttpMethod,
  HttpStage,
  LogGroupLogDestination,
  SecurityPolicy,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { FilterPattern, LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { CfnRecordSet } from 'aws-cdk-lib/aws-route53';
import { Aws, Fn } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

import { dataRemovalPolicy, type Deployment } from '../deployment.ts';
import { metricsNamespace, type OverallMetricName } from '../metrics.ts';
import type { WebhookDomainConfig, WebhookPathConfig } from '../transactions-config.ts';
import type { LambdaFunction } from './lambda-function.ts';
import { pinLogicalId } from './logical-id.ts';

/** What the endpoint needs. */
export type WebhookEndpointProps = {
  deployment: Deployment;
  receiver: LambdaFunction;
  /** Requests a second on average, and at once; more get 429. */
  throttle: { rateLimit: number; burstLimit: number };
  /** The last segments of the path; undefined if there is nothing secret. */
  path: WebhookPathConfig | undefined;
  /** Your own host in the URL; undefined for the one that API Gateway provides. */
  domain: WebhookDomainConfig | undefined;
};

const PATH = '/webhooks/button';

/** The public URL for Button's Dashboard: it routes to one function, with a throttle. */
export class WebhookEndpoint extends Construct {
  /** The whole URL for Button's Dashboard. */
  readonly url: string;
  /** The log of every request, in the fields of `accessLogFormat`. */
  readonly accessLogs: LogGroup;
  /** The whole URL that API Gateway provides; undefined if it is switched off. */
  readonly defaultUrl: string | undefined;
  /**
   * Where a DNS record of the domain has to point; undefined if there is no domain, or Route 53 points there
   * already.
   */
  readonly domainTarget: string | undefined;
  /** The API, whose id is in its URL. */
  readonly api: HttpApi;

  readonly #metricsNamespace: string;

  constructor(scope: Construct, id: string, props: WebhookEndpointProps) {
    super(scope, id);
    const { deployment, receiver, throttle, domain } = props;
    const [path, ...otherPaths] = pathsOf(props.path);
    this.#metricsNamespace = metricsNamespace(deployment);
    const isDefaultUrlKept = domain?.keepDefaultUrl ?? true;
    this.api = new HttpApi(this, 'Api', {
      apiName: `Button-${deployment.config.stage}-Webhooks`,
      createDefaultStage: false,
      ...(!isDefaultUrlKept && { disableExecuteApiEndpoint: true }),
    });
    // The URL contains this id: with another id, Button's webhooks would get lost.
    pinLogicalId(this.api, 'WebhookApi');
    const integration = new HttpLambdaIntegration('Receiver', receiver.lambda);
    for (const each of [path, ...otherPaths])
      this.api.addRoutes({ path: each, methods: [HttpMethod.POST], integration });
    this.accessLogs = new LogGroup(this, 'AccessLogs', {
      logGroupName: accessLogName(deployment),
      retention: deployment.config.logRetentionDays,
      removalPolicy: dataRemovalPolicy(deployment),
    });
    const stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle,
      accessLogSettings: {
        destination: new LogGroupLogDestination(this.accessLogs),
        format: accessLogFormat(),
      },
    });
    pinLogicalId(stage, 'WebhookStage');
    const domainName = domain && this.#createDomain(domain, stage);
    this.#countForPauseRule();
    this.defaultUrl = isDefaultUrlKept ? `${this.api.apiEndpoint}${path}` : undefined;
    this.url = domain ? `https://${domain.name}${path}` : `${this.api.apiEndpoint}${path}`;
    this.domainTarget = domain?.hostedZoneId === undefined ? domainName?.regionalDomainName : undefined;
  }

  #createDomain({ name, certificateArn, hostedZoneId }: WebhookDomainConfig, stage: HttpStage): DomainName {
    const domainName = new DomainName(this, 'Domain', {
      domainName: name,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
      securityPolicy: SecurityPolicy.TLS_1_2,
    });
    // A DNS record outside this stack may point to it.
    pinLogicalId(domainName, 'WebhookDomain');
    // Under another id, its replacement would find the domain in use.
    pinLogicalId(
      new ApiMapping(this, 'DomainMapping', { api: this.api, domainName, stage }),
      'WebhookDomainMapping',
    );
    if (hostedZoneId !== undefined) {
      new CfnRecordSet(this, 'DomainRecord', {
        hostedZoneId,
        name,
        type: 'A',
        aliasTarget: {
          dnsName: domainName.regionalDomainName,
          hostedZoneId: domainName.regionalHostedZoneId,
        },
      });
    }
    return domainName;
  }

  /**
   * Counts what Button counts when it decides to pause the webhook, above 10% failures in an hour. The
   * gateway's log is counted, because no function sees what the gateway throttles, finds no route for or
   * refuses for its size. For Button, every answer to its own request that is not a 2xx is a failure. An
   * answer to somebody else counts only if it is a 5xx or a 429, because the next one may go to Button.
   *
   * Source: docs/button/webhooks.md, "Retries and automatic pause" and "Request".
   */
  #countForPauseRule(): void {
    const isFromButton = '$.userAgent = "Button Webhooks*"';
    const isFailure = `($.status = "5*") || ($.status = "429") || (($.status != "2*") && (${isFromButton}))`;
    this.#count('WebhooksFromButton', `{ ${isFromButton} }`);
    this.#count('WebhooksFailedForButton', `{ ${isFailure} }`);
  }

  /** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html */
  #count(metricName: OverallMetricName, pattern: string): void {
    new MetricFilter(this, metricName, {
      logGroup: this.accessLogs,
      filterPattern: FilterPattern.literal(pattern),
      metricNamespace: this.#metricsNamespace,
      metricName,
      metricValue: '1',
      defaultValue: 0,
    });
  }
}

/** The first one is for Button's Dashboard. */
function pathsOf(path: WebhookPathConfig | undefined): readonly [string, ...string[]] {
  const [first, ...others] = path?.segments.map((segment) => `${PATH}/${segment}`) ?? [];
  if (first === undefined) return [PATH];
  return [first, ...others, ...(path?.keepPlainPath === true ? [PATH] : [])];
}

/**
 * Under a prefix that CloudWatch Logs lets every log delivery in to: elsewhere, each destination of the
 * account adds to one resource policy of 5,120 characters, and when it is full, no API can be created. The
 * last part of the stack's id is another for each creation, so a group that an earlier stack has left behind
 * is not in the way.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-CloudWatchLogs.html
 */
function accessLogName({ config: { stage } }: Deployment): string {
  return `/aws/vendedlogs/button/${stage}/webhooks-${Fn.select(2, Fn.split('/', Aws.STACK_ID))}`;
}

/**
 * The logged fields of every request, including throttled ones, which no function sees. No caller's address,
 * which is personal data. No route, which may end in a secret. No `integrationErrorMessage`: it contains the
 * message of the function's error, and AWS does not document that it escapes quotes in it. With a quote, the
 * line would not be JSON, and the failure would not be counted. A user agent with quotes makes its own line
 * unreadable; Button's has none.
 *
 * Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
 */
function accessLogFormat(): AccessLogFormat {
  return AccessLogFormat.custom(
    JSON.stringify({
      requestId: '$context.requestId',
      requestTime: '$context.requestTime',
      status: '$context.status',
      responseLatencyMs: '$context.responseLatency',
      integrationStatus: '$context.integrationStatus',
      error: '$context.error.message',
      userAgent: '$context.identity.userAgent',
    }),
  );
}

// @module-tag long
import { describe, expect, it, vi } from 'vitest';
import type { LocalDeployment } from '../../deployment.ts';
import { summarize } from '../../cloudwatch/statistic.ts';
import { deployFixture, functionOf, type FixtureDeployment } from '../fixture-assembly.ts';

const HANDLER = `exports.handler = async (event) => {
  const { headers = {} } = event;
  if (headers.please === 'fail' || event.fail) throw new Error('as asked');
  return { statusCode: headers.please === 'refuse' ? 401 : 200 };
};`;

const ACCESS_LOG_FORMAT = JSON.stringify({
  requestId: '$context.requestId',
  requestTime: '$context.requestTime',
  routeKey: '$context.routeKey',
  status: '$context.status',
  responseLatencyMs: '$context.responseLatency',
  integrationStatus: '$context.integrationStatus',
  integrationError: '$context.integrationErrorMessage',
  error: '$context.error.message',
  userAgent: '$context.identity.userAgent',
});

/** The sum of a metric over the whole life of a deployment. */
function total(
  { cloudWatch }: Pick<LocalDeployment, 'cloudWatch'>,
  [namespace, name, dimensions]: [string, string, Record<string, string>],
  statistic = 'Sum',
): number | undefined {
  const samples = cloudWatch.metrics.samples(
    { namespace, name, dimensions },
    { fromMs: 0, untilMs: Infinity },
  );
  return summarize(samples, statistic);
}

// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
describe('Lambda', () => {
  it('counts invocations, errors and durations, for the function and for all', async () => {
    const deployment = await deployFixture({
      code: { handler: HANDLER },
      resources: { Handler: functionOf('handler'), Other: functionOf('handler') },
      outputs: { Name: { Value: { Ref: 'Handler' } } },
    });

    await deployment.invoke('Handler', {});
    await deployment.invoke('Handler', { fail: true });
    await deployment.invoke('Other', {});

    const own = { FunctionName: deployment.output('Name') };
    expect(total(deployment, ['AWS/Lambda', 'Invocations', own])).toBe(2);
    expect(total(deployment, ['AWS/Lambda', 'Invocations', {}])).toBe(3);
    expect(total(deployment, ['AWS/Lambda', 'Errors', own])).toBe(1);
    expect(total(deployment, ['AWS/Lambda', 'Throttles', own])).toBe(0);
    expect(total(deployment, ['AWS/Lambda', 'ConcurrentExecutions', own], 'Maximum')).toBe(1);
    expect(total(deployment, ['AWS/Lambda', 'Duration', own], 'SampleCount')).toBe(2);
    expect(total(deployment, ['AWS/Lambda', 'Duration', own], 'Minimum')).toBeGreaterThan(0);
  });

  it('counts an invocation without concurrency as a throttle, and as nothing else', async () => {
    const deployment = await deployFixture({
      code: { handler: HANDLER },
      resources: { Handler: functionOf('handler', { ReservedConcurrentExecutions: 0 }) },
      outputs: { Name: { Value: { Ref: 'Handler' } } },
    });

    await deployment.invoke('Handler', {});

    const own = { FunctionName: deployment.output('Name') };
    expect(total(deployment, ['AWS/Lambda', 'Throttles', own])).toBe(1);
    expect(total(deployment, ['AWS/Lambda', 'Invocations', own])).toBeUndefined();
  });
});

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
describe('SQS', () => {
  it('counts the messages of a queue, and reports its depth', async () => {
    const deployment = await deployFixture({
      resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: {} } },
      outputs: {
        Url: { Value: { Ref: 'Queue' } },
        Name: { Value: { 'Fn::GetAtt': ['Queue', 'QueueName'] } },
      },
    });
    const QueueUrl = deployment.output('Url');
    const own = { QueueName: deployment.output('Name') };
    const batch = ['a', 'b'].map((Id) => ({ Id, MessageBody: Id }));

    await deployment.sqs('SendMessage', { QueueUrl, MessageBody: 'one' });
    await deployment.sqs('SendMessageBatch', { QueueUrl, Entries: batch });
    const received = await deployment.sqs('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 1 });
    const [{ ReceiptHandle }] = (received as { Messages: [{ ReceiptHandle: string }] }).Messages;
    await vi.waitFor(() => {
      expect(total(deployment, ['AWS/SQS', 'ApproximateNumberOfMessagesVisible', own], 'Maximum')).toBe(2);
      expect(total(deployment, ['AWS/SQS', 'ApproximateAgeOfOldestMessage', own], 'Maximum')).toBeGreaterThan(
        0,
      );
    }, 120_000);
    await deployment.sqs('DeleteMessage', { QueueUrl, ReceiptHandle });

    expect(total(deployment, ['AWS/SQS', 'NumberOfMessagesSent', own])).toBe(3);
    expect(total(deployment, ['AWS/SQS', 'NumberOfMessagesReceived', own])).toBe(1);
    expect(total(deployment, ['AWS/SQS', 'NumberOfMessagesDeleted', own])).toBe(1);
    expect(total(deployment, ['AWS/SQS', 'ApproximateNumberOfMessagesNotVisible', own], 'Maximum')).toBe(1);
  });
});

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
describe('API Gateway', () => {
  it('counts requests and their results, including throttled ones', async () => {
    const deployment = await deployApi({ burst: 3 });

    const statuses = [];
    for (const please of ['accept', 'refuse', 'fail', 'accept'])
      statuses.push(await request(deployment, please));

    const own = { ApiId: deployment.output('ApiId') };
    expect(statuses).toEqual([200, 401, 500, 429]);
    for (const dimensions of [own, { ...own, Stage: '$default' }]) {
      const sums = ['Count', '4xx', '5xx'].map((name) =>
        total(deployment, ['AWS/ApiGateway', name, dimensions]),
      );
      expect(sums).toEqual([4, 2, 1]);
    }
    expect(total(deployment, ['AWS/ApiGateway', 'Latency', own], 'SampleCount')).toBe(4);
    expect(total(deployment, ['AWS/ApiGateway', 'IntegrationLatency', own], 'SampleCount')).toBe(3);
  });

  // https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
  it('writes its access log, which metric filters turn into metrics', async () => {
    const deployment = await deployApi({ burst: 2 });

    for (const please of ['refuse', 'fail', 'accept']) await request(deployment, please);

    expect(total(deployment, ['Shop', 'Failed', {}])).toBe(2);
    expect(total(deployment, ['Shop', 'Failed', {}], 'SampleCount')).toBe(3);
    expect(
      total(deployment, ['AWS/Logs', 'IncomingLogEvents', { LogGroupName: deployment.output('LogGroup') }]),
    ).toBe(3);
  });

  it('refuses an access log with an unknown variable', async () => {
    const deploying = deployApi({ burst: 1, format: '{"ip":"$context.identity.cognitoIdentityId"}' });

    await expect(deploying).rejects.toThrow('$context.identity.cognitoIdentityId is not supported locally.');
  });

  async function request(deployment: FixtureDeployment, please: string): Promise<number> {
    const { status } = await fetch(`${deployment.output('Url')}/hooks`, {
      method: 'POST',
      headers: { please, 'user-agent': 'somebody' },
    });
    return status;
  }
});

function deployApi({
  burst,
  format = ACCESS_LOG_FORMAT,
}: {
  burst: number;
  format?: string;
}): Promise<FixtureDeployment> {
  const ApiId = { Ref: 'Api' };
  return deployFixture({
    code: { handler: HANDLER },
    resources: {
      Handler: functionOf('handler'),
      AccessLogs: { Type: 'AWS::Logs::LogGroup', Properties: {} },
      Failed: {
        Type: 'AWS::Logs::MetricFilter',
        Properties: {
          LogGroupName: { Ref: 'AccessLogs' },
          FilterPattern: '{ ($.status = "5*") || ($.status = "429" && $.userAgent = "*somebody*") }',
          MetricTransformations: [
            { MetricNamespace: 'Shop', MetricName: 'Failed', MetricValue: '1', DefaultValue: 0 },
          ],
        },
      },
      Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'Api', ProtocolType: 'HTTP' } },
      Stage: {
        Type: 'AWS::ApiGatewayV2::Stage',
        Properties: {
          ApiId,
          StageName: '$default',
          AutoDeploy: true,
          DefaultRouteSettings: { ThrottlingBurstLimit: burst, ThrottlingRateLimit: 0.001 },
          AccessLogSettings: { DestinationArn: { 'Fn::GetAtt': ['AccessLogs', 'Arn'] }, Format: format },
        },
      },
      Integration: {
        Type: 'AWS::ApiGatewayV2::Integration',
        Properties: {
          ApiId,
          IntegrationType: 'AWS_PROXY',
          IntegrationUri: { 'Fn::GetAtt': ['Handler', 'Arn'] },
          PayloadFormatVersion: '2.0',
        },
      },
      Route: {
        Type: 'AWS::ApiGatewayV2::Route',
        Properties: {
          ApiId,
          RouteKey: 'POST /hooks',
          Target: { 'Fn::Join': ['', ['integrations/', { Ref: 'Integration' }]] },
        },
      },
      Permission: {
        Type: 'AWS::Lambda::Permission',
        Properties: {
          Action: 'lambda:InvokeFunction',
          FunctionName: { 'Fn::GetAtt': ['Handler', 'Arn'] },
          Principal: 'apigateway.amazonaws.com',
        },
      },
    },
    outputs: {
      Url: { Value: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] } },
      ApiId: { Value: ApiId },
      LogGroup: { Value: { Ref: 'AccessLogs' } },
    },
  });
}

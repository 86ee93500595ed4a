import { HttpApi, HttpMethod, HttpStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { CfnOutput, Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

import { TRANSACTIONS_TABLE } from '../../shared/dynamodb/table.ts';
import { ExplainedAlarm } from '../constructs/alarm.ts';
import type { DataTable } from '../constructs/data-table.ts';
import { LambdaFunction } from '../constructs/lambda-function.ts';
import { permission } from '../constructs/permission.ts';
import type { Deployment } from '../deployment.ts';
import { TIMEOUT_SECONDS } from '../fixed-settings.ts';
import { publisherApiEnvironment } from '../function-environments.ts';
import type { TransactionsConfig } from '../transactions-config.ts';

/** What the publisher API needs. */
export type PublisherApiProps = {
  deployment: Deployment;
  transactionsConfig: TransactionsConfig & { publisherApi: NonNullable<TransactionsConfig['publisherApi']> };
  transactions: DataTable;
};

const PATHS = ['/v1/rewards', '/v1/transactions', '/v1/transaction'] as const;

/**
 * The HTTP API for the publisher's own systems. IAM decides who may call it (`execute-api:Invoke`), and its
 * function can only read. It has no access log: the query of a URL names a shopper.
 *
 * Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html
 */
export class PublisherApi extends Construct {
  constructor(scope: Construct, id: string, props: PublisherApiProps) {
    super(scope, id);
    const { deployment, transactionsConfig, transactions } = props;
    const { lambda } = new LambdaFunction(this, 'Function', {
      deployment,
      name: 'publisher-api',
      timeoutSeconds: TIMEOUT_SECONDS.publisherApi,
      environment: publisherApiEnvironment(transactionsConfig, { transactions: transactions.tableName }),
      permissions: [
        permission(['dynamodb:GetItem'], transactions.tableArn),
        permission(
          ['dynamodb:Query'],
          `${transactions.tableArn}/index/${TRANSACTIONS_TABLE.shopperIndex.name}`,
        ),
      ],
    });
    const api = new HttpApi(this, 'Api', {
      apiName: `Button-${deployment.config.stage}-Publisher`,
      createDefaultStage: false,
      defaultAuthorizer: new HttpIamAuthorizer(),
    });
    const integration = new HttpLambdaIntegration('Function', lambda);
    for (const path of PATHS) api.addRoutes({ path, methods: [HttpMethod.GET], integration });
    const { rateLimit, burstLimit } = transactionsConfig.publisherApi;
    new HttpStage(this, 'Stage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit, burstLimit },
    });
    new ExplainedAlarm(this, 'ErrorsAlarm', {
      deployment,
      name: 'PublisherApiErrors',
      severity: 'ticket',
      metric: api.metricServerError({ statistic: 'Sum', period: Duration.minutes(5) }),
      above: 0,
      // A single failed request is sent again by its caller.
      periods: 3,
      impact: 'Your own systems get no answer about rewards and transactions. Nothing is lost.',
      firstCommand: `aws logs tail ${lambda.logGroup.logGroupName} --since 1h`,
      runbookSection: 'the-publisher-api-fails',
    });
    new CfnOutput(this, 'Url', { value: api.apiEndpoint }).overrideLogicalId('PublisherApiUrl');
    new CfnOutput(this, 'Arn', {
      value: api.arnForExecuteApi(),
      description: 'Callers of the publisher API need execute-api:Invoke on this.',
    }).overrideLogicalId('PublisherApiArn');
  }
}

import { QueryDefinition, QueryString, type ILogGroup, type QueryStringProps } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

import type { Deployment } from '../deployment.ts';

/** The properties of a saved query. */
export type LogQueryProps = {
  deployment: Deployment;
  /** A question of docs/runbook.md, after its subject: `Webhooks/Why they are deferred`. */
  question: string;
  logGroups: readonly ILogGroup[];
  query: QueryStringProps;
};

/**
 * Saves a query under a name by which people find it in CloudWatch Logs Insights, for the logs that it is
 * about.
 *
 * What our code logs is under `message`, because Lambda's JSON logging puts it there; metrics and the
 * gateway's lines are at the root. Source:
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
 */
export function saveLogQuery(
  scope: Construct,
  id: string,
  { deployment, question, logGroups, query }: LogQueryProps,
): void {
  new QueryDefinition(scope, id, {
    queryDefinitionName: `Button/${deployment.config.stage}/${question}`,
    queryString: new QueryString(query),
    logGroups: [...logGroups],
  });
}

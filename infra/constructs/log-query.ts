import { QueryDefinition, QueryString, type ILogGroup, type QueryStringProps } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

import type { Deployment } from '../deployment.ts';

/** What a saved query is made of. */
export type LogQueryProps = {
  deployment: Deployment;
  /** A question of docs/runbook.md, behind the name of what it is about: `Webhooks/Why they are deferred`. */
  question: string;
  logGroups: readonly ILogGroup[];
  query: QueryStringProps;
};

/**
 * Saves a query under a name by which people find it in CloudWatch Logs Insights, on the logs that it is
 * about.
 *
 * What our code logs stands under `message`, because Lambda's JSON logging puts it there; metrics and the
 * gateway's lines stand at the root. Source:
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

/**
 * What a function could not do, and what it did not survive. A timeout, a killed process and memory that has
 * run out are reported by Lambda itself, in a line without a level. At its system log level WARN, as all of
 * ours log, it reports no invocation that went well.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html, "System log level event mapping"
 */
export const FAILURES: QueryStringProps = {
  fields: [
    '@timestamp',
    '@log',
    'level',
    'message.event',
    'message.error',
    'errorType',
    'errorMessage',
    'record.status',
    'record.errorType',
  ],
  filterStatements: ['level in ["WARN", "ERROR", "FATAL"] or type = "platform.report"'],
  sort: '@timestamp desc',
  limit: 200,
};

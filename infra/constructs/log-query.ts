import { QueryDefinition, QueryString, type ILogGroup, type QueryStringProps } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

import type { Deployment } from '../deployment.ts';
import { functionsOfStack } from './lambda-function.ts';

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

/**
 * What a function could not do, and what ended it. Lambda itself reports a timeout, a killed process and
 * exhausted memory, in a line without a level. With the system log level WARN, which all of our functions
 * use, it reports no successful invocation.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html, "System log
 * level event mapping"
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

/** Saves the query of what any function of a stack could not do, once all functions of the stack exist. */
export function saveFailuresQuery(
  scope: Construct,
  { deployment, subject }: Pick<LogQueryProps, 'deployment'> & { subject: string },
): void {
  saveLogQuery(scope, 'FailuresQuery', {
    deployment,
    logGroups: functionsOfStack(scope).map(({ lambda }) => lambda.logGroup),
    question: `${subject}/What failed`,
    query: FAILURES,
  });
}

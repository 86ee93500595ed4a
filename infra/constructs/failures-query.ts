import type { QueryStringProps } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

import { functionsOfStack } from './lambda-function.ts';
import { saveLogQuery, type LogQueryProps } from './log-query.ts';

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

/**
 * Saves the query of what the functions of a stack could not do. Call it once all functions of the stack
 * exist.
 */
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

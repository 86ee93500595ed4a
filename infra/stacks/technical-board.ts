import { GraphWidget, TextWidget, type IMetric, type IWidget } from 'aws-cdk-lib/aws-cloudwatch';

import type { Deployment } from '../deployment.ts';
import { existingTablesByLogicalId } from '../existing-tables.ts';
import { SHOWN_SERIES, searchSeries, searchTotal, type Search } from '../metrics.ts';

/** The technical board: does the system keep up, does it fail, how fast is it, and what does it cost? */
export function technicalWidgets({ config: { stage, existingTables } }: Deployment): IWidget[][] {
  const search = stageSearch(stage);
  const tables = tableSeries(stage, [...existingTablesByLogicalId(existingTables).values()]);
  return [
    [
      new TextWidget({
        width: 24,
        height: 1,
        markdown: `Everything whose name begins with \`Button-${stage}-\`. HTTP APIs have no name here, so the board shows all of this account. A graph shows the ${SHOWN_SERIES} highest.`,
      }),
    ],
    ...queueAndFunctionRows((...asked) => searchSeries(search(...asked)), tables),
    gatewayRow(),
    ...costRows({
      series: (...asked) => searchSeries(search(...asked)),
      total: (...asked) => searchTotal(search(...asked)),
      tables,
    }),
  ];
}

/**
 * Finds the stage's series of a kind by the stage's name in their names, which the search matches by words.
 */
type StageSeries = (schema: string, metricName: string, statistic: string) => IMetric;

function stageSearch(stage: string): (schema: string, metricName: string, statistic: string) => Search {
  const words = `Button ${stage.replaceAll('-', ' ')}`;
  return (schema, metricName, statistic) => ({
    schema,
    terms: `MetricName="${metricName}" ${words}`,
    statistic,
  });
}

/**
 * The same for tables: by the stage's name; existing tables whose names do not contain it are listed one by
 * one.
 */
type TableSeries = (...asked: Parameters<StageSeries>) => IMetric[];

function tableSeries(stage: string, existingTables: readonly string[]): TableSeries {
  const search = stageSearch(stage);
  const named = existingTables.filter((name) => !name.startsWith(`Button-${stage}-`));
  return (schema, metricName, statistic) => [
    searchSeries(search(schema, metricName, statistic)),
    ...named.map((table) =>
      searchSeries({ schema, terms: `MetricName="${metricName}" TableName="${table}"`, statistic }),
    ),
  ];
}

const FUNCTIONS = 'AWS/Lambda,FunctionName';
const QUEUES = 'AWS/SQS,QueueName';
const TABLES = 'AWS/DynamoDB,TableName';
const INDEXES = 'AWS/DynamoDB,GlobalSecondaryIndexName,TableName';
const LOG_GROUPS = 'AWS/Logs,LogGroupName';

function queueAndFunctionRows(series: StageSeries, tables: TableSeries): IWidget[][] {
  return [
    [
      graph('Messages waiting, dead letters among them', [
        series(QUEUES, 'ApproximateNumberOfMessagesVisible', 'Maximum'),
      ]),
      graph('Oldest message, seconds', [series(QUEUES, 'ApproximateAgeOfOldestMessage', 'Maximum')]),
      graph('Oldest change not yet published, milliseconds', [series(FUNCTIONS, 'IteratorAge', 'Maximum')]),
    ],
    [
      graph('Functions: errors', [series(FUNCTIONS, 'Errors', 'Sum')]),
      graph('Functions: throttles', [series(FUNCTIONS, 'Throttles', 'Sum')]),
      graph('Functions: concurrent executions', [series(FUNCTIONS, 'ConcurrentExecutions', 'Maximum')]),
    ],
    [
      graph('Functions: duration, p50, milliseconds', [series(FUNCTIONS, 'Duration', 'p50')]),
      graph('Functions: duration, p99, milliseconds', [series(FUNCTIONS, 'Duration', 'p99')]),
      graph('Tables: throttled reads and writes', [
        ...tables(TABLES, 'ReadThrottleEvents', 'Sum'),
        ...tables(TABLES, 'WriteThrottleEvents', 'Sum'),
      ]),
    ],
  ];
}

/** Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html */
function gatewayRow(): IWidget[] {
  const apis = (metricName: string, statistic: string): IMetric =>
    searchSeries({ schema: 'AWS/ApiGateway,ApiId', terms: `MetricName="${metricName}"`, statistic });
  return [
    graph('HTTP APIs: requests', [apis('Count', 'Sum')]),
    graph('HTTP APIs: 4xx and 5xx responses', [apis('4xx', 'Sum'), apis('5xx', 'Sum')]),
    graph('HTTP APIs: latency, p50 and p99, milliseconds', [apis('Latency', 'p50'), apis('Latency', 'p99')]),
  ];
}

/** If there are many series, one for each brand, the total is shown too. */
function costRows({
  series,
  total,
  tables,
}: {
  series: StageSeries;
  total: StageSeries;
  tables: TableSeries;
}): IWidget[][] {
  const withTotal = (...asked: Parameters<StageSeries>): IMetric[] => [total(...asked), series(...asked)];
  return [
    [
      graph('Cost: function invocations', withTotal(FUNCTIONS, 'Invocations', 'Sum')),
      graph('Cost: run time of functions, milliseconds', withTotal(FUNCTIONS, 'Duration', 'Sum')),
      graph('Cost: messages sent', withTotal(QUEUES, 'NumberOfMessagesSent', 'Sum')),
    ],
    [
      graph('Cost: write units, of tables and of their indexes', [
        ...tables(TABLES, 'ConsumedWriteCapacityUnits', 'Sum'),
        ...tables(INDEXES, 'ConsumedWriteCapacityUnits', 'Sum'),
      ]),
      graph('Cost: read units, of tables and of their indexes', [
        ...tables(TABLES, 'ConsumedReadCapacityUnits', 'Sum'),
        ...tables(INDEXES, 'ConsumedReadCapacityUnits', 'Sum'),
      ]),
      graph('Cost: bytes logged', withTotal(LOG_GROUPS, 'IncomingBytes', 'Sum')),
    ],
  ];
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 8, height: 6 });
}

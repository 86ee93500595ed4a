import { GraphWidget, TextWidget, type IMetric, type IWidget } from 'aws-cdk-lib/aws-cloudwatch';

import type { Deployment } from '../deployment.ts';
import { SHOWN_SERIES, searchSeries, searchTotal, type Search } from '../metrics.ts';

/** What people ask of the machinery: does it keep up, does it fail, how fast is it, and what does it cost? */
export function technicalWidgets({ config: { stage } }: Deployment): IWidget[][] {
  const search = stageSearch(stage);
  return [
    [
      new TextWidget({
        width: 24,
        height: 1,
        markdown: `Everything whose name begins with \`Button-${stage}-\`. HTTP APIs have no name here: all those of this account. A graph shows the ${SHOWN_SERIES} highest.`,
      }),
    ],
    ...queueAndFunctionRows((...asked) => searchSeries(search(...asked))),
    gatewayRow(),
    ...costRows(
      (...asked) => searchSeries(search(...asked)),
      (...asked) => searchTotal(search(...asked)),
    ),
  ];
}

/** Finds the stage's series of a kind by the stage's name in theirs, which is matched by its words. */
type StageSeries = (schema: string, metricName: string, statistic: string) => IMetric;

function stageSearch(stage: string): (schema: string, metricName: string, statistic: string) => Search {
  const words = `Button ${stage.replaceAll('-', ' ')}`;
  return (schema, metricName, statistic) => ({
    schema,
    terms: `MetricName="${metricName}" ${words}`,
    statistic,
  });
}

const FUNCTIONS = 'AWS/Lambda,FunctionName';
const QUEUES = 'AWS/SQS,QueueName';
const TABLES = 'AWS/DynamoDB,TableName';
const INDEXES = 'AWS/DynamoDB,GlobalSecondaryIndexName,TableName';
const LOG_GROUPS = 'AWS/Logs,LogGroupName';

function queueAndFunctionRows(series: StageSeries): IWidget[][] {
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
        series(TABLES, 'ReadThrottleEvents', 'Sum'),
        series(TABLES, 'WriteThrottleEvents', 'Sum'),
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
    graph('HTTP APIs: answers 4xx and 5xx', [apis('4xx', 'Sum'), apis('5xx', 'Sum')]),
    graph('HTTP APIs: latency, p50 and p99, milliseconds', [apis('Latency', 'p50'), apis('Latency', 'p99')]),
  ];
}

/** Of what there are many, one for each brand, the total is shown too. */
function costRows(series: StageSeries, total: StageSeries): IWidget[][] {
  const withTotal = (...asked: Parameters<StageSeries>): IMetric[] => [total(...asked), series(...asked)];
  return [
    [
      graph('Cost: function invocations', withTotal(FUNCTIONS, 'Invocations', 'Sum')),
      graph('Cost: time that functions run, milliseconds', withTotal(FUNCTIONS, 'Duration', 'Sum')),
      graph('Cost: messages sent', withTotal(QUEUES, 'NumberOfMessagesSent', 'Sum')),
    ],
    [
      graph('Cost: write units, of tables and of their indexes', [
        series(TABLES, 'ConsumedWriteCapacityUnits', 'Sum'),
        series(INDEXES, 'ConsumedWriteCapacityUnits', 'Sum'),
      ]),
      graph('Cost: read units, of tables and of their indexes', [
        series(TABLES, 'ConsumedReadCapacityUnits', 'Sum'),
        series(INDEXES, 'ConsumedReadCapacityUnits', 'Sum'),
      ]),
      graph('Cost: bytes logged', withTotal(LOG_GROUPS, 'IncomingBytes', 'Sum')),
    ],
  ];
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 8, height: 6 });
}

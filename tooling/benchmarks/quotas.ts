/** An AWS quota of one account in US East (N. Virginia), before any increase. */
type Quota = {
  /** A rate is per second. */
  limit: number;
  what: string;
  /** Whether AWS raises it on request. */
  adjustable: boolean;
  source: string;
};

/**
 * The quotas that this system can reach, as known on 2026-11-25. Not every page could be read on that day.
 */
export const QUOTAS = {
  newAccountConcurrency: {
    limit: 10,
    what: 'Lambda executions at once, in a new account',
    adjustable: true,
    source: 'https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html',
  },
  lambdaConcurrency: {
    limit: 1000,
    what: 'Lambda executions at once',
    adjustable: true,
    source: 'https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html',
  },
  sqsMappingConcurrency: {
    limit: 1000,
    what: 'batches at once of one queue (maximum concurrency of an event source)',
    adjustable: false,
    source: 'https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html',
  },
  sqsFifoRequests: {
    limit: 70_000,
    what: 'requests a second of one kind to a high-throughput FIFO queue, each with up to ten messages',
    adjustable: true,
    source: 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html',
  },
  sqsFifoInFlight: {
    limit: 120_000,
    what: 'messages in flight of one FIFO queue',
    adjustable: true,
    source: 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-fifo.html',
  },
  httpApiRequests: {
    limit: 10_000,
    what: 'requests a second to all HTTP APIs of the account',
    adjustable: true,
    source: 'https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html',
  },
  newTableWriteUnits: {
    limit: 4000,
    what: 'write units a second of a table on demand that has never seen more',
    adjustable: true,
    source: 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput-scenarios.html',
  },
  tableWriteUnits: {
    limit: 40_000,
    what: 'write units a second of one table on demand',
    adjustable: true,
    source: 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html',
  },
  partitionWriteUnits: {
    limit: 1000,
    what: 'write units a second of one partition, of a table or an index',
    adjustable: false,
    source: 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html',
  },
  putEvents: {
    limit: 10_000,
    what: 'PutEvents calls a second, each with up to ten events',
    adjustable: true,
    source: 'https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html',
  },
  secretReads: {
    limit: 10_000,
    what: 'reads of secrets a second',
    adjustable: false,
    source: 'https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html',
  },
} as const satisfies Record<string, Quota>;

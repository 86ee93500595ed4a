import {
  CHECKOUT_EVENT_TYPE,
  FINALIZATION_DAYS,
  TRANSACTION_EVENT_TYPES,
} from '@button-serverless/validation/webhooks';
import { PERSONAL_DATA_DAYS } from '../shared/dynamodb/table.ts';
import * as z from 'zod';

import { ScheduleExpressionSchema } from './schedule-expression.ts';
import {
  EVENT_DELIVERY_TIMEOUT_SECONDS,
  MaxReceiveCountSchema,
  leastVisibilityTimeoutSeconds,
} from './queue-limits.ts';

const ThrottleSchema = z.strictObject({
  rateLimit: z
    .int()
    .min(1)
    .max(10_000)
    .default(5000)
    .describe(
      'How many requests a second the webhook URL accepts on average. Requests above it get 429, which brings Button closer to pausing the webhook: see docs/scaling.md, "Floods".',
    ),
  burstLimit: z
    .int()
    .min(1)
    .max(5000)
    .default(5000)
    .describe('How many requests the webhook URL accepts at once.'),
});

const WebhookPathSchema = z.strictObject({
  segments: z
    .array(
      z.string().regex(/^[A-Za-z0-9_-]{16,64}$/, 'must be 16 to 64 letters, digits, hyphens and underscores'),
    )
    .min(1)
    .max(4)
    .refine((segments) => new Set(segments).size === segments.length, 'must hold each segment once')
    .describe(
      'The last segment of the path; `openssl rand -hex 16` prints a good one. The first is part of the `WebhookUrl` output. The others also work, while you change the URL in Button’s Dashboard.',
    )
    .meta({ examples: [['3f1c0e5a9b7d42688a6f0c1d2e3b4a59']] }),
  keepPlainPath: z
    .boolean()
    .default(false)
    .describe(
      "Whether the path without a segment also works. Needed only until Button's Dashboard has the new URL.",
    ),
});

const WebhookDomainSchema = z.strictObject({
  name: z
    .string()
    .regex(
      /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
      'must be the name of a host in lower-case letters, such as hooks.example.com',
    )
    .describe('The host in the webhook URL.')
    .meta({ examples: ['hooks.example.com'] }),
  certificateArn: z
    .string()
    .regex(
      /^arn:[\w-]+:acm:[\w-]+:\d{12}:certificate\/[\w-]+$/,
      'must be the ARN of a certificate in AWS Certificate Manager',
    )
    .describe(
      "The host's certificate in ACM, in the region of the stacks. An imported certificate must include its whole chain: Button does not fetch missing parts.",
    )
    .meta({
      examples: ['arn:aws:acm:eu-west-1:111122223333:certificate/0a1b2c3d-4e5f-6789-abcd-ef0123456789'],
    }),
  hostedZoneId: z
    .string()
    .regex(/^Z[A-Z0-9]{1,31}$/, 'must be the id of a hosted zone in Route 53, such as Z0123456789ABCDEFGHIJ')
    .meta({ examples: ['Z0123456789ABCDEFGHIJ'] })
    .optional()
    .describe(
      'The hosted zone in Route 53 that gets a record for the host. Unless set, an output says where your own record has to point.',
    ),
  keepDefaultUrl: z
    .boolean()
    .default(true)
    .describe(
      "Whether API Gateway's own URL also works. Switch it off only when Button's Dashboard no longer uses it.",
    ),
});

const PublisherApiSchema = z.strictObject({
  rateLimit: z
    .int()
    .min(1)
    .max(10_000)
    .default(50)
    .describe('How many requests a second the publisher API accepts on average. Requests above it get 429.'),
  burstLimit: z
    .int()
    .min(1)
    .max(5000)
    .default(100)
    .describe('How many requests the publisher API accepts at once.'),
});

const DeferredWebhooksSchema = z
  .strictObject({
    timeoutSeconds: z
      .int()
      .min(10, 'must be at least 10: the function needs the time to store a webhook')
      .max(900)
      .default(30)
      .describe("The function's timeout, in seconds."),
    visibilityTimeoutSeconds: z
      .int()
      .min(6)
      .max(43_200)
      .default(900)
      .describe(
        'How long a message stays hidden after the function that received it was killed, in seconds. At least six times the timeout.',
      ),
    maxConcurrency: z
      .int()
      .min(2)
      .max(1000)
      .default(2)
      .describe('The most batches of deferred webhooks that are applied at the same time.'),
    maxReceiveCount: MaxReceiveCountSchema.default(1000).describe(
      'How often a deferred webhook is tried before it goes to quarantine. Tries are up to 15 minutes apart, so the default is about ten days.',
    ),
  })
  .check(({ value, issues }) => {
    checkVisibility(value, issues);
  });

const ScheduleSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be 1 to 32 lower-case letters, digits and hyphens, a letter first')
    .describe('Names the schedule. Each schedule has its own name.'),
  expression: ScheduleExpressionSchema.describe('When transactions are read.'),
  timeZone: z
    .string()
    .refine(isTimeZone, 'must be an IANA time zone such as UTC or America/New_York')
    .default('UTC')
    .describe('The IANA time zone of a cron expression.'),
});

const SweepScheduleSchema = ScheduleSchema.omit({ name: true });

const ReconcilerSchema = z
  .strictObject({
    schedules: z
      .array(ScheduleSchema)
      .min(1, 'must hold at least one schedule: without it, lost webhooks stay lost')
      .refine(
        (schedules) => new Set(schedules.map(({ name }) => name)).size === schedules.length,
        'must give each schedule a name of its own',
      )
      .default([
        { name: 'busy-hours', expression: 'cron(0/10 7-23 * * ? *)', timeZone: 'America/New_York' },
        { name: 'quiet-hours', expression: 'cron(0/25 0-6 * * ? *)', timeZone: 'America/New_York' },
      ])
      .describe(
        'When transactions are read. By default every 10 minutes from 7:00 to 24:00 in New York and every 25 minutes otherwise, so that a conflict is read again within 30 minutes. Button recommends every 5 to 10 minutes in busy hours and every 30 to 60 otherwise.',
      ),
    dailySweep: SweepScheduleSchema.default({
      expression: 'cron(20 4 * * ? *)',
      timeZone: 'America/New_York',
    }).describe('When the transactions that were modified in the last seven days are read again.'),
    weeklySweep: SweepScheduleSchema.default({
      expression: 'cron(40 4 ? * SUN *)',
      timeZone: 'America/New_York',
    }).describe('When the transactions that were created in the last `sweepDays` days are read again.'),
    sweepDays: z
      .int()
      .min(8)
      .max(3650)
      .default(120)
      .describe(
        'How far back the weekly sweep reads, in days. Choose more than the longest time from a purchase to its finalization.',
      ),
    crossCheck: z
      .boolean()
      .default(false)
      .describe(
        "Whether each daily sweep also compares the lists of each account for one day with Button's list over all accounts.",
      ),
    silenceMinutes: z
      .int()
      .min(1)
      .max(1440)
      .default(120)
      .describe(
        'An alarm goes off after this number of minutes without a run. Choose more than the longest interval between runs.',
      ),
    readFrom: z.iso
      .datetime()
      .default('2014-01-01T00:00:00Z')
      .describe("Where an account's first read begins: an ISO 8601 UTC instant."),
    firstRead: z
      .enum(['historical', 'live', 'none'])
      .default('historical')
      .describe(
        'How transactions older than this deployment are taken in: `historical`, so that nobody is rewarded twice; `live`, like new ones; or not at all.',
      ),
    overlapSeconds: z
      .int()
      .min(0)
      .max(86_400)
      .default(900)
      .describe(
        'How many seconds each window begins before the end of the previous one. Covers late writes at Button.',
      ),
    lagSeconds: z
      .int()
      .min(0)
      .max(3600)
      .default(120)
      .describe(
        'How many seconds before now each window ends. Covers the delay until a change is visible at Button.',
      ),
    sliceSeconds: z
      .int()
      .min(1)
      .max(840)
      .default(75)
      .describe(
        'After this number of seconds an invocation reads no further page, and the next invocation continues.',
      ),
    pageSize: z
      .int()
      .min(1)
      .max(100)
      .default(100)
      .describe("How many transactions are requested for each page. Button's own default is 50."),
    driftRetentionDays: z
      .int()
      .min(1)
      .max(3650)
      .default(PERSONAL_DATA_DAYS)
      .describe('How long the daily reports of drift are kept, in days.'),
    buttonTimeoutMs: z
      .int()
      .min(100)
      .max(60_000)
      .default(10_000)
      .describe(
        "The total deadline of one call to Button's Accounts and Transactions APIs, in milliseconds.",
      ),
    timeoutSeconds: z.int().min(1).max(900).default(120).describe("The reconciler's timeout, in seconds."),
    visibilityTimeoutSeconds: z
      .int()
      .min(6)
      .max(43_200)
      .meta({ examples: [900] })
      .optional()
      .describe(
        'How long the reading of an account is blocked after the reconciler was killed, in seconds. At least six times the timeout; exactly that unless set.',
      ),
    maxConcurrency: z
      .int()
      .min(2)
      .max(1000)
      .default(2)
      .describe('The most accounts that are read at the same time.'),
    maxReceiveCount: MaxReceiveCountSchema.default(3).describe(
      'How often a read message is tried before it goes to the dead-letter queue. The next scheduled run sends another one.',
    ),
  })
  .check(({ value, issues }) => {
    checkVisibility(value, issues);
    // The last page is begun just before the slice ends, and only if there is time for its call and its
    // writes.
    const leastSeconds = value.sliceSeconds + Math.ceil(value.buttonTimeoutMs / 1000) + 15;
    if (value.timeoutSeconds < leastSeconds) {
      issues.push({
        code: 'custom',
        input: value.timeoutSeconds,
        path: ['timeoutSeconds'],
        message: `must be at least ${leastSeconds}: sliceSeconds, one call to Button and 15 s to store its page; raise it or lower sliceSeconds`,
      });
    }
  });

const DeliverToSchema = z.strictObject({
  url: z
    .string()
    .regex(
      /^(https:\/\/|http:\/\/127\.0\.0\.1[:/])[^\s]+$/,
      'must be an https URL, such as https://rewards.example.com/button',
    )
    .describe('Where events are sent to by HTTP POST.')
    .meta({ examples: ['https://rewards.example.com/button'] }),
  timeoutMs: z
    .int()
    .min(100)
    .max(30_000)
    .default(10_000)
    .describe('Total deadline of one request, in milliseconds.'),
  maxConcurrency: z
    .int()
    .min(2)
    .max(1000)
    .default(2)
    .describe('At most so many batches of ten events are sent at once.'),
});

const RewardQueueSchema = z
  .strictObject({
    eventTypes: z
      .array(z.enum([...TRANSACTION_EVENT_TYPES, CHECKOUT_EVENT_TYPE]))
      .min(1)
      .default([...TRANSACTION_EVENT_TYPES])
      .describe('The events that your consumer gets; by default every event about a transaction.'),
    visibilityTimeoutSeconds: z
      .int()
      .min(0)
      .max(43_200)
      .default(300)
      .describe(
        'How long a message stays hidden that your consumer has received, in seconds; at least 270 with `deliverTo`.',
      ),
    maxReceiveCount: MaxReceiveCountSchema.default(50).describe(
      'Tries after which a message is moved to the dead-letter queue; with `deliverTo` they are up to 15 minutes apart, so by default after eleven hours.',
    ),
    deliverTo: DeliverToSchema.optional().describe(
      'A URL of yours that a function sends the events to, signed as Standard Webhooks specifies; left out, your consumer takes them off the queue.',
    ),
  })
  .check(({ value, issues }) => {
    const least = leastVisibilityTimeoutSeconds(EVENT_DELIVERY_TIMEOUT_SECONDS);
    if (!value.deliverTo || value.visibilityTimeoutSeconds >= least) return;
    issues.push({
      code: 'custom',
      input: value.visibilityTimeoutSeconds,
      path: ['visibilityTimeoutSeconds'],
      message: `must be at least ${least} with deliverTo, six times the timeout of its function`,
    });
  });

/** All settings of Button's transactions. */
export const TransactionsConfigSchema = z
  .strictObject({
    shopperField: z
      .enum(['publisher_customer_id', 'pub_ref', 'none'])
      .default('publisher_customer_id')
      .describe('The field of Button that identifies the shopper. With `none` there is no index by shopper.'),
    includePersonalFields: z
      .boolean()
      .default(true)
      .describe(
        'Whether events on the bus name the shopper (`publisher_customer_id`, `pub_ref`). Without it, they do not say whom to reward.',
      ),
    rewardableCategories: z
      .array(z.string().min(1))
      .default(['new-user-order', 'existing-user-order'])
      .describe(
        'The categories for which users are rewarded. App installs are never rewarded. A transaction of any other category is not rewarded either, and raises an alarm.',
      ),
    eventArchiveDays: z
      .int()
      .min(1)
      .max(3650)
      .meta({ examples: [30] })
      .optional()
      .describe(
        'How long an archive of the bus keeps every event for a replay, in days. No archive unless set.',
      ),
    rewardQueue: RewardQueueSchema.optional().describe(
      'A queue for a consumer of yours, with a rule on the bus and a dead-letter queue; left out, there is none.',
    ),
    liveFrom: z.iso
      .datetime({ offset: true })
      .meta({ examples: ['2026-06-01T12:00:00Z'] })
      .optional()
      .describe(
        'The ISO 8601 instant, past or future, at which this system takes over from an older one. Transactions created before it are `historical`, whatever brings them. Unless set, it is the instant of the first webhook or scheduled run. Set it if you create the tables anew or move them.',
      ),
    personalDataDays: z
      .int()
      .min(30)
      .max(3650)
      .default(400)
      .describe(
        'How long a transaction keeps its payload and its shopper after its last change was stored, in days. One that is still pending keeps them until it is overdue, if that is later. Nobody is rewarded for it afterwards. At least `finalizationDays` and `overdueGraceDays` together.',
      ),
    finalizationDays: z
      .int()
      .min(1)
      .max(3650)
      .default(FINALIZATION_DAYS)
      .describe(
        'The days from the report of an order to its expected validation, for brands whose finalization window Button does not give. Events carry the expected date, and it decides what is overdue.',
      ),
    overdueGraceDays: z
      .int()
      .min(1)
      .max(3650)
      .default(30)
      .describe(
        'A transaction that is still pending this number of days after its expected validation date is overdue.',
      ),
    webhookDomain: WebhookDomainSchema.optional().describe(
      'Your own domain for the webhook URL. Unless set, API Gateway provides the URL.',
    ),
    webhookPath: WebhookPathSchema.optional().describe(
      "A secret at the end of the webhook URL's path. Requests without it get 404 and never reach the function. Unless set, the path is `/webhooks/button`.",
    ),
    throttle: ThrottleSchema.prefault({}).describe(
      'The limit on webhook requests. The reconciler repairs what it rejects.',
    ),
    deferredWebhooks: DeferredWebhooksSchema.prefault({}).describe(
      'The queue of authentic webhooks that could not be stored, and its function.',
    ),
    reconciler: ReconcilerSchema.prefault({}).describe("The reads from Button's Transactions API."),
    quarantineRetentionDays: z
      .int()
      .min(1)
      .max(3650)
      .default(90)
      .describe('How long an authentic webhook that could not be applied is kept, in days.'),
    publisherApi: PublisherApiSchema.optional().describe(
      "An HTTP API for your own systems: a shopper's rewards and transactions, and one transaction with its history. `{}` turns it on. Not deployed unless set.",
    ),
  })
  .check(({ value, issues }) => {
    const { personalDataDays, finalizationDays, overdueGraceDays } = value;
    const least = finalizationDays + overdueGraceDays;
    if (personalDataDays >= least) return;
    issues.push({
      code: 'custom',
      input: personalDataDays,
      path: ['personalDataDays'],
      message: `must be at least ${least}, which is finalizationDays and overdueGraceDays together: nobody is rewarded for a transaction whose shopper has expired`,
    });
  })
  .check(({ value, issues }) => {
    if (value.publisherApi === undefined || value.shopperField !== 'none') return;
    issues.push({
      code: 'custom',
      input: value.shopperField,
      path: ['shopperField'],
      message: 'must name a field where publisherApi is on: it finds transactions by their shopper',
    });
  });

/** The validated settings of a domain for the webhook URL. */
export type WebhookDomainConfig = z.output<typeof WebhookDomainSchema>;

/** The validated settings of the path in the webhook URL. */
export type WebhookPathConfig = z.output<typeof WebhookPathSchema>;

/** The validated settings of the delivery over HTTP. */
export type EventDeliveryConfig = z.output<typeof DeliverToSchema>;

/** The validated settings of the queue for a consumer. */
export type RewardQueueConfig = z.output<typeof RewardQueueSchema>;

/** The validated settings of transactions. */
export type TransactionsConfig = z.output<typeof TransactionsConfigSchema>;

type Timeouts = { timeoutSeconds: number; visibilityTimeoutSeconds?: number | undefined };

function checkVisibility(timeouts: Timeouts, issues: z.core.$ZodRawIssue[]): void {
  const { timeoutSeconds, visibilityTimeoutSeconds } = timeouts;
  const least = leastVisibilityTimeoutSeconds(timeoutSeconds);
  if (visibilityTimeoutSeconds === undefined || visibilityTimeoutSeconds >= least) return;
  issues.push({
    code: 'custom',
    input: visibilityTimeoutSeconds,
    path: ['visibilityTimeoutSeconds'],
    message: `must be at least ${least}, six times timeoutSeconds: raise it or lower timeoutSeconds`,
  });
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

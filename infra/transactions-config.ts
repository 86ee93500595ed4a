import { FINALIZATION_DAYS } from '@button-serverless/validation/webhooks';
import { PERSONAL_DATA_DAYS } from '../shared/dynamodb/table.ts';
import * as z from 'zod';

import { ScheduleExpressionSchema } from './schedule-expression.ts';
import { MaxReceiveCountSchema, leastVisibilityTimeoutSeconds } from './queue-limits.ts';

const ThrottleSchema = z.strictObject({
  rateLimit: z
    .int()
    .min(1)
    .max(10_000)
    .default(5000)
    .describe(
      'Requests a second that the webhook URL accepts in the long run; more get 429, which brings Button nearer to pausing the webhook: see docs/scaling.md, "Floods".',
    ),
  burstLimit: z
    .int()
    .min(1)
    .max(5000)
    .default(5000)
    .describe('Requests that the webhook URL accepts at once.'),
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
      'What the path ends in, such as `openssl rand -hex 16` prints: the first is in the `WebhookUrl` output, the others answer as well while the URL is changed in Button’s Dashboard.',
    )
    .meta({ examples: [['3f1c0e5a9b7d42688a6f0c1d2e3b4a59']] }),
  keepPlainPath: z
    .boolean()
    .default(false)
    .describe(
      "Whether the path without a segment answers as well: only until the new URL stands in Button's Dashboard.",
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
      'Its certificate in ACM, in the region of the stacks. An imported one has to bring its whole chain: Button fetches no missing part.',
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
      'The hosted zone in Route 53 that gets a record for the host; left out, an output says where a record of yours has to point.',
    ),
  keepDefaultUrl: z
    .boolean()
    .default(true)
    .describe(
      "Whether API Gateway's own URL answers as well. Switch it off only when it no longer stands in Button's Dashboard.",
    ),
});

const PublisherApiSchema = z.strictObject({
  rateLimit: z
    .int()
    .min(1)
    .max(10_000)
    .default(50)
    .describe('Requests a second that the publisher API answers in the long run; more get 429.'),
  burstLimit: z
    .int()
    .min(1)
    .max(5000)
    .default(100)
    .describe('Requests that the publisher API answers at once.'),
});

const DeferredWebhooksSchema = z
  .strictObject({
    timeoutSeconds: z
      .int()
      .min(10, 'must be at least 10: less is no time to store one event')
      .max(900)
      .default(30)
      .describe("The function's timeout, in seconds."),
    visibilityTimeoutSeconds: z
      .int()
      .min(6)
      .max(43_200)
      .default(900)
      .describe(
        'How long an event stays hidden that a killed function held, in seconds; at least six times the timeout.',
      ),
    maxConcurrency: z
      .int()
      .min(2)
      .max(1000)
      .default(2)
      .describe('At most so many batches of deferred events are applied at once.'),
    maxReceiveCount: MaxReceiveCountSchema.default(1000).describe(
      'Tries after which a deferred event goes to quarantine; they are up to 15 minutes apart, so by default after ten days.',
    ),
  })
  .check(({ value, issues }) => {
    checkVisibility(value, issues);
  });

const ScheduleSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be 1 to 32 lower-case letters, digits and hyphens, a letter first')
    .describe('Tells the schedule from the others.'),
  expression: ScheduleExpressionSchema.describe('When transactions are read.'),
  timeZone: z
    .string()
    .refine(isTimeZone, 'must be an IANA time zone such as UTC or America/New_York')
    .default('UTC')
    .describe('The IANA time zone in which a cron expression is meant.'),
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
        'When transactions are read; by default every 10 minutes from 7 to 24 o’clock in New York, every 25 otherwise, so that a conflict is read again within 30. Button recommends every 5 to 10 minutes in busy hours, every 30 to 60 otherwise.',
      ),
    dailySweep: SweepScheduleSchema.default({
      expression: 'cron(20 4 * * ? *)',
      timeZone: 'America/New_York',
    }).describe('When what was modified in the last seven days is read once more.'),
    weeklySweep: SweepScheduleSchema.default({
      expression: 'cron(40 4 ? * SUN *)',
      timeZone: 'America/New_York',
    }).describe('When what was created in the last `sweepDays` days is read once more.'),
    sweepDays: z
      .int()
      .min(8)
      .max(3650)
      .default(120)
      .describe(
        'How far back the weekly sweep reads, in days: longer than the longest time from a purchase to its finalization.',
      ),
    crossCheck: z
      .boolean()
      .default(false)
      .describe(
        "Whether, with each daily sweep, the accounts' lists of a day are compared with Button's list of all accounts.",
      ),
    silenceMinutes: z
      .int()
      .min(1)
      .max(1440)
      .default(120)
      .describe('No run for so many minutes is an alarm; more than the longest pause between schedules.'),
    readFrom: z.iso
      .datetime()
      .default('2014-01-01T00:00:00Z')
      .describe("Where an account's first read begins: an ISO 8601 UTC instant."),
    firstRead: z
      .enum(['historical', 'live', 'none'])
      .default('historical')
      .describe(
        'How transactions older than this deployment come in: with events marked `historical` (nobody is rewarded twice), as if new, or not at all.',
      ),
    overlapSeconds: z
      .int()
      .min(0)
      .max(86_400)
      .default(900)
      .describe(
        'Each window begins so many seconds before the end of the one before: covers late writes at Button.',
      ),
    lagSeconds: z
      .int()
      .min(0)
      .max(3600)
      .default(120)
      .describe(
        'Each window ends so many seconds before now: covers the delay between a change and its visibility.',
      ),
    sliceSeconds: z
      .int()
      .min(1)
      .max(840)
      .default(75)
      .describe('One invocation opens no new page after so many seconds and hands on to the next.'),
    pageSize: z
      .int()
      .min(1)
      .max(100)
      .default(100)
      .describe("Transactions asked for at once; Button's own default is 50."),
    driftRetentionDays: z
      .int()
      .min(1)
      .max(3650)
      .default(PERSONAL_DATA_DAYS)
      .describe("How long a day's report of what webhooks missed is kept, in days."),
    buttonTimeoutMs: z
      .int()
      .min(100)
      .max(60_000)
      .default(10_000)
      .describe("Total deadline of one call to Button's Accounts and Transactions APIs, in milliseconds."),
    timeoutSeconds: z.int().min(1).max(900).default(120).describe("The reconciler's timeout, in seconds."),
    visibilityTimeoutSeconds: z
      .int()
      .min(6)
      .max(43_200)
      .meta({ examples: [900] })
      .optional()
      .describe(
        'How long a killed reconciler holds up its own account, in seconds; at least six times the timeout, and exactly that unless set.',
      ),
    maxConcurrency: z
      .int()
      .min(2)
      .max(1000)
      .default(2)
      .describe('At most so many accounts are read at once.'),
    maxReceiveCount: MaxReceiveCountSchema.default(3).describe(
      'Tries after which a read message is moved to the dead-letter queue; the next schedule sends another.',
    ),
  })
  .check(({ value, issues }) => {
    checkVisibility(value, issues);
    // The last page is begun just before the slice ends, and only while there is time for its call and its
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

/** Everything that can be set about Button's transactions. */
export const TransactionsConfigSchema = z
  .strictObject({
    shopperField: z
      .enum(['publisher_customer_id', 'pub_ref', 'none'])
      .default('publisher_customer_id')
      .describe(
        "Which of Button's fields tells whose transaction it is; `none` leaves the index by shopper out.",
      ),
    includePersonalFields: z
      .boolean()
      .default(true)
      .describe(
        'Whether events on the bus name the shopper (`publisher_customer_id`, `pub_ref`): without that, they do not say whom to reward.',
      ),
    rewardableCategories: z
      .array(z.string().min(1))
      .default(['new-user-order', 'existing-user-order'])
      .describe(
        'The categories that a user is rewarded for. App installs never are; every other category is held and raises an alarm.',
      ),
    eventArchiveDays: z
      .int()
      .min(1)
      .max(3650)
      .meta({ examples: [30] })
      .optional()
      .describe(
        'How long an archive on the bus keeps every event for a replay, in days; left out, there is none.',
      ),
    liveFrom: z.iso
      .datetime({ offset: true })
      .meta({ examples: ['2026-06-01T12:00:00Z'] })
      .optional()
      .describe(
        'The ISO 8601 instant, past or to come, at which this system takes over from an older one: transactions created before it are `historical`, whatever brings them. Left out, the deployment is that instant: the first webhook or scheduled run. Set it where the tables are made anew or moved.',
      ),
    personalDataDays: z
      .int()
      .min(30)
      .max(3650)
      .default(400)
      .describe(
        'How long a transaction keeps its payload and its shopper after its last change, in days; what is still pending then is long overdue, and rewards nobody any more.',
      ),
    finalizationDays: z
      .int()
      .min(1)
      .max(3650)
      .default(FINALIZATION_DAYS)
      .describe(
        'From the report of an order to its validation, in days, for each brand whose finalization window Button does not give: the expected validation date of events, and the base of what is overdue.',
      ),
    overdueGraceDays: z
      .int()
      .min(1)
      .max(3650)
      .default(30)
      .describe(
        'A transaction that is still pending so many days after its expected validation date counts as overdue.',
      ),
    webhookDomain: WebhookDomainSchema.optional().describe(
      'A domain of your own for the webhook URL; left out, the URL is the one that API Gateway gives.',
    ),
    webhookPath: WebhookPathSchema.optional().describe(
      "A secret end of the webhook URL's path: requests without it get 404 and never reach the function. Left out, the path is `/webhooks/button`.",
    ),
    throttle: ThrottleSchema.prefault({}).describe(
      'The cap on webhook requests; what is beyond it, the reconciler repairs.',
    ),
    deferredWebhooks: DeferredWebhooksSchema.prefault({}).describe(
      'Authentic events that could not be stored at once.',
    ),
    reconciler: ReconcilerSchema.prefault({}).describe("The comparison with Button's Transactions API."),
    quarantineRetentionDays: z
      .int()
      .min(1)
      .max(3650)
      .default(90)
      .describe('How long an authentic event that could not be applied is kept, in days.'),
    publisherApi: PublisherApiSchema.optional().describe(
      "An HTTP API for your own systems: a shopper's rewards and transactions, and one transaction with its history. `{}` turns it on; left out, there is none.",
    ),
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

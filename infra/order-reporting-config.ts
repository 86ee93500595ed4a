import * as z from 'zod';

import { DEFAULT_ORDER_SETTINGS } from '@button-serverless/validation/orders';
import { MaxReceiveCountSchema } from './queue-limits.ts';
import { ScheduleExpressionSchema } from './schedule-expression.ts';

/**
 * The most brands of a stage. A brand has two functions, two queues and two log groups, and a search of
 * CloudWatch, with which a board finds them, returns 500 series: 150 leaves room for a third of each. IAM
 * roles and saved queries (1,000 in an account) allow more.
 */
export const MOST_BRANDS = 150;

/**
 * The most producers of a brand: each has a statement in the policy of the queue, beside the one that demands
 * TLS.
 *
 * Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
 */
const MOST_PRODUCERS = 19;

/** The longest time that Lambda lets an audit run, less some time for the ledger. */
const MAX_AUDIT_SECONDS = 800;

/** The most orders of a brand that an audit reads from Button in a second. */
const MAX_AUDITED_PER_SECOND = 100;

const AuditSchema = z
  .strictObject({
    schedule: ScheduleExpressionSchema.default('cron(0 4 * * ? *)').describe('When it runs, in UTC.'),
    days: z
      .int()
      .min(1)
      .max(365)
      .default(7)
      .describe('Compares orders that were last reported within this number of days.'),
    sample: z
      .int()
      .min(1)
      .max(MAX_AUDITED_PER_SECOND * MAX_AUDIT_SECONDS)
      .default(200)
      .describe(
        'The most orders that one run reads from Button. If the orders of `days` are no more than this, it reads all of them.',
      ),
    perSecond: z
      .int()
      .min(1)
      .max(MAX_AUDITED_PER_SECOND)
      .default(2)
      .describe(
        "How many orders a second the audit reads from Button, in addition to the order reporter's calls.",
      ),
  })
  .check(({ value: { sample, perSecond }, issues }) => {
    if (sample <= perSecond * MAX_AUDIT_SECONDS) return;
    issues.push({
      code: 'custom',
      input: sample,
      path: ['sample'],
      message: `must be at most ${perSecond * MAX_AUDIT_SECONDS}: a run reads perSecond (${perSecond}) for ${MAX_AUDIT_SECONDS} s`,
    });
  });

const BrandSchema = z
  .strictObject({
    id: z
      .string()
      .regex(
        /^[a-z][a-z0-9-]{0,31}$/,
        'must be 1 to 32 lower-case letters, digits and hyphens, a letter first',
      )
      .describe(
        'Names the brand in ledger keys, resources, outputs and metrics. A changed id starts a new, empty brand.',
      )
      .meta({ examples: ['acme'] }),
    orderBy: z
      .enum(['sequence', 'time'])
      .default(DEFAULT_ORDER_SETTINGS.orderBy)
      .describe(
        'The attribute that orders the versions of an order: the CloudEvents `sequence` extension or `time`.',
      ),
    testTokens: z
      .enum(['allow', 'refuse', 'require'])
      .default(DEFAULT_ORDER_SETTINGS.testTokens)
      .describe(
        'Whether `fakesrctok-` tokens are accepted beside real ones, refused, or the only ones accepted.',
      ),
    allowFinalizationDate: z
      .boolean()
      .default(DEFAULT_ORDER_SETTINGS.allowFinalizationDate)
      .describe('Whether an order may carry `finalization_date`, which Button advises against.'),
    buttonTimeoutMs: z
      .int()
      .min(100)
      .max(60_000)
      .default(10_000)
      .describe("The total deadline of one call to Button's Order API, in milliseconds."),
    quietTimeSeconds: z
      .int()
      .min(0)
      .max(900)
      .default(60)
      .describe(
        'How long nothing is sent for an order after an unclear answer, in seconds: Button may still carry the call out.',
      ),
    retryBaseSeconds: z
      .int()
      .min(1)
      .max(3600)
      .default(30)
      .describe('The wait before the first retry, in seconds. It doubles with every retry.'),
    retryMaxSeconds: z
      .int()
      .min(1)
      .max(86_400)
      .default(1800)
      .describe('The longest wait before a retry, in seconds.'),
    maxConcurrency: z
      .int()
      .min(2, 'must be at least 2: AWS accepts no smaller maximum concurrency of an SQS event source')
      .max(1000)
      .default(2)
      .describe(
        'The most batches at the same time. `maxConcurrency` times `batchSize` limits the concurrent calls to Button.',
      ),
    batchSize: z
      .int()
      .min(1)
      .max(10, 'must be at most 10: Lambda takes no more from a FIFO queue at once')
      .default(10)
      .describe('The most messages in one batch. The reporter reports the orders of a batch concurrently.'),
    maxReceiveCount: MaxReceiveCountSchema.default(100).describe(
      'How often a message is received before it goes to the dead-letter queue, if its order never reached the ledger. Receives are six times the timeout apart, so the default is ten hours: longer than an outage of the table.',
    ),
    reporterTimeoutSeconds: z
      .int()
      .min(1)
      .max(900)
      .default(60)
      .describe("The reporter's timeout, in seconds. The queue's visibility timeout is six times as long."),
    producers: z
      .array(
        z
          .string()
          .regex(
            /^arn:[\w-]+:iam::\d{12}:(root|(role|user)\/[\w+=,.@/-]+)$/,
            'must be the ARN of an IAM role, user or account root, without wildcards',
          ),
      )
      .max(
        MOST_PRODUCERS,
        `must be at most ${MOST_PRODUCERS}: SQS allows 20 statements in the policy of a queue; name the root of an account, which decides itself who may send`,
      )
      .default([])
      .describe(
        "ARNs of the IAM roles, users or account roots outside this account that may send to the brand's queue.",
      )
      .meta({ examples: [['arn:aws:iam::111122223333:role/shop']] }),
    retrySweep: z
      .strictObject({
        schedule: ScheduleExpressionSchema.default('rate(1 minute)').describe(
          'How often the sweep looks for orders whose next try is due.',
        ),
        maxRetriesPerSweep: z
          .int()
          .min(1)
          .max(60_000)
          .default(6000)
          .describe(
            'The most waiting orders that one sweep sends to Button, spread over a minute. Below this limit the rate adapts: it rises while Button accepts everything, and falls when Button answers 429.',
          ),
        silenceMinutes: z
          .int()
          .min(1)
          .max(1440)
          .default(15)
          .describe(
            'An alarm goes off after this number of minutes without a sweep. Must be longer than the interval of the schedule.',
          ),
      })
      .prefault({})
      .describe('The sweep that retries waiting orders.'),
    audit: AuditSchema.optional().describe(
      'Compares a sample of the reported orders with Button every day. No audit unless set.',
    ),
  })
  .check(({ value: brand, issues }) => {
    if (brand.retryMaxSeconds < brand.retryBaseSeconds) {
      issues.push({
        code: 'custom',
        input: brand.retryMaxSeconds,
        path: ['retryMaxSeconds'],
        message: `must be at least retryBaseSeconds (${brand.retryBaseSeconds})`,
      });
    }
    // An order may take a read and a send, and the ledger's writes; the reporter starts no order for which it
    // lacks the time.
    const leastSeconds = Math.ceil((2 * brand.buttonTimeoutMs + 5000) / 1000);
    if (brand.reporterTimeoutSeconds < leastSeconds) {
      issues.push({
        code: 'custom',
        input: brand.reporterTimeoutSeconds,
        path: ['reporterTimeoutSeconds'],
        message: `must be at least ${leastSeconds}: twice buttonTimeoutMs (${brand.buttonTimeoutMs}) and 5 s for the ledger; raise it or lower buttonTimeoutMs`,
      });
    }
  });

/** All settings of the reporting of orders. */
export const OrderReportingConfigSchema = z
  .strictObject({
    brands: z
      .array(BrandSchema)
      .min(1, 'must name at least one brand; leave orderReporting out to deploy none')
      .max(
        MOST_BRANDS,
        `must be at most ${MOST_BRANDS} brands: a board of CloudWatch finds no more of them; put the others into a configuration with another stage`,
      )
      .describe(
        `One entry for each brand, at most ${MOST_BRANDS}. Each has its own stack with queue, secret, reporter and sweep.`,
      ),
    quarantineRetentionDays: z
      .int()
      .min(1)
      .max(3650)
      .default(90)
      .describe('How long a refused message is kept in quarantine, to be fixed and replayed, in days.'),
    customerDays: z
      .int()
      .min(30)
      .max(3650)
      .default(400)
      .describe(
        "How long the ledger keeps the customer of a settled or refused order after the order's last change, in days. An order that waits keeps its customer.",
      ),
    verifyBefore: z.iso
      .datetime({ offset: true })
      .meta({ examples: ['2026-06-01T12:00:00Z'] })
      .optional()
      .describe(
        'The ISO 8601 instant of a restore of the ledger, or of the switch from another integration. An order that was reported before it is read from Button before anything is sent.',
      ),
  })
  .check(({ value: { brands }, issues }) => {
    const idByName = new Map<string, string>();
    for (const [index, { id }] of brands.entries()) {
      const other = idByName.get(brandName(id));
      if (other !== undefined) {
        issues.push({
          code: 'custom',
          input: id,
          path: ['brands', index, 'id'],
          message: `gives its resources the same names as the brand "${other}"; choose an id that differs by more than hyphens`,
        });
      }
      idByName.set(brandName(id), id);
    }
  });

/** The validated settings of order reporting. */
export type OrderReportingConfig = z.output<typeof OrderReportingConfigSchema>;

/** The validated settings of one brand. */
export type BrandConfig = z.output<typeof BrandSchema>;

/** A brand's id as it appears in names of resources and outputs: `north-shop` is `NorthShop`. */
export function brandName(brandId: string): string {
  return brandId
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

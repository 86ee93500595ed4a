import * as z from 'zod';

import { DEFAULT_ORDER_SETTINGS } from '@button-serverless/validation/orders';
import { MaxReceiveCountSchema } from './queue-limits.ts';
import { ScheduleExpressionSchema } from './schedule-expression.ts';

/**
 * The most brands of a stage. A brand has two functions, two queues and two log groups, and a search of
 * CloudWatch, with which a board finds them, returns 500 series: 150 leaves room for a third of each. IAM
 * roles and saved queries (1,000 an account) hold more.
 */
export const MOST_BRANDS = 150;

/** The longest that Lambda lets an audit run, less some time for the ledger. */
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
      .describe('Orders that were last reported within so many days are compared.'),
    sample: z
      .int()
      .min(1)
      .max(MAX_AUDITED_PER_SECOND * MAX_AUDIT_SECONDS)
      .default(200)
      .describe(
        'At most so many orders are read from Button in one run; all of them if the orders of `days` are no more.',
      ),
    perSecond: z
      .int()
      .min(1)
      .max(MAX_AUDITED_PER_SECOND)
      .default(2)
      .describe('So many orders a second are read from Button, beside the live ones.'),
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
        'Names the brand in ledger keys, resources, outputs and metrics. Changing it starts a new, empty brand.',
      )
      .meta({ examples: ['acme'] }),
    orderBy: z
      .enum(['sequence', 'time'])
      .default(DEFAULT_ORDER_SETTINGS.orderBy)
      .describe('What orders the versions of one order: the CloudEvents `sequence` extension or `time`.'),
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
      .describe("Total deadline of one call to Button's Order API, in milliseconds."),
    quietTimeSeconds: z
      .int()
      .min(0)
      .max(900)
      .default(60)
      .describe(
        'How long nothing is sent for an order after an unclear answer, in seconds: Button may still commit it.',
      ),
    retryBaseSeconds: z
      .int()
      .min(1)
      .max(3600)
      .default(30)
      .describe('The first wait before another try, in seconds; it doubles with every try.'),
    retryMaxSeconds: z
      .int()
      .min(1)
      .max(86_400)
      .default(1800)
      .describe('The longest wait before another try, in seconds.'),
    maxConcurrency: z
      .int()
      .min(2, 'must be at least 2: AWS accepts no smaller maximum concurrency of an SQS event source')
      .max(1000)
      .default(2)
      .describe(
        'At most so many batches at once: `maxConcurrency` times `batchSize` bounds the calls to Button.',
      ),
    batchSize: z
      .int()
      .min(1)
      .max(10, 'must be at most 10: Lambda takes no more from a FIFO queue at once')
      .default(10)
      .describe('Messages handed to the reporter at once; the orders among them are reported side by side.'),
    maxReceiveCount: MaxReceiveCountSchema.default(100).describe(
      'Receives after which a message whose order never got into the ledger is moved to the dead-letter queue. They are six of the timeout apart, so by default after ten hours: an outage of the table is over by then.',
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
            /^arn:[\w-]+:iam::\d{12}:(root|role\/.+|user\/.+)$/,
            'must be the ARN of an IAM role, user or account root',
          ),
      )
      .default([])
      .describe(
        "ARNs of IAM roles, users or account roots outside this account that may send to the brand's queue.",
      )
      .meta({ examples: [['arn:aws:iam::111122223333:role/shop']] }),
    retrySweep: z
      .strictObject({
        schedule: ScheduleExpressionSchema.default('rate(1 minute)').describe(
          'How often orders whose next try is due are retried.',
        ),
        maxRetriesPerSweep: z
          .int()
          .min(1)
          .max(60_000)
          .default(6000)
          .describe(
            'At most so many waiting orders are sent to Button by one sweep, spread over its minute. Within that, Button decides: the pace rises while it takes everything, and falls when it answers 429.',
          ),
        silenceMinutes: z
          .int()
          .min(1)
          .max(1440)
          .default(15)
          .describe("No sweep for so many minutes is an alarm; more than the schedule's pause."),
      })
      .prefault({})
      .describe('The sweep that retries waiting orders.'),
    audit: AuditSchema.optional().describe(
      'A daily comparison of a sample of reported orders with what Button holds; left out, there is none.',
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
    // An order may take a read and a send, and the ledger's writes; the reporter starts none that it has no
    // time for.
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

/** Everything that can be set about the reporting of orders. */
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
        `One entry for each brand, at most ${MOST_BRANDS}: its own stack with queue, secret, reporter and sweep.`,
      ),
    quarantineRetentionDays: z
      .int()
      .min(1)
      .max(3650)
      .default(90)
      .describe('How long a refused message is kept to be fixed and replayed, in days.'),
    customerDays: z
      .int()
      .min(30)
      .max(3650)
      .default(400)
      .describe(
        'How long the ledger keeps the customer of an order that is settled or refused after its last change, in days. An order that waits keeps its customer.',
      ),
    verifyBefore: z.iso
      .datetime({ offset: true })
      .meta({ examples: ['2026-06-01T12:00:00Z'] })
      .optional()
      .describe(
        'After a restore of the ledger, the ISO 8601 instant at which it was done: what was reported before is read from Button before anything is sent. Also at a cut-over from another integration.',
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

import { StageConfigSchema } from '../../infra/config.ts';
import { DUE_SHARDS } from '../../shared/dynamodb/table.ts';
import { floodsSection } from './floods.ts';
import { QUOTAS } from './quotas.ts';
import { numberText, table } from './report.ts';

/** Assumptions about the traffic, and about Button, whose limits are not known. */
const ASSUMED = {
  /** The load of the busiest second, as a multiple of the average. */
  peak: 10,
  webhooksPerOrder: 2,
  buttonOrderSeconds: 0.3,
  buttonPageSeconds: 0.2,
  /** Seconds to store a page of a hundred known rows. */
  storePageSeconds: 0.05,
  webhookSeconds: 0.025,
  publishSeconds: 0.02,
  /** Sizes of a stored order and of its transactions. */
  orderKb: 0.9,
  transactionKb: 0.9,
  /** Seconds to read a megabyte of a table. */
  scanSecondsPerMb: 0.05,
  /** CPU to inflate and check a stored transaction, and how much slower a function with 512 MB is. */
  storedTransactionCpuMs: 0.1,
  cpuSlowdown: 3.5,
} as const;

/** The settings that decide how much a stage can handle. */
export type ScalingSettings = {
  reporterConcurrency: number;
  batchSize: number;
  throttlePerSecond: number;
  retriesPerMinute: number;
  sweepDays: number;
};

/** The defaults of a stage with one brand. */
export function defaultSettings(): ScalingSettings {
  const { orderReporting, transactions } = StageConfigSchema.parse({
    stage: 'production',
    orderReporting: { brands: [{ id: 'acme' }] },
    transactions: {},
  });
  const brand = orderReporting?.brands[0];
  if (!brand || !transactions) throw new Error('The configuration deploys one side only.');
  return {
    reporterConcurrency: brand.maxConcurrency,
    batchSize: brand.batchSize,
    throttlePerSecond: transactions.throttle.rateLimit,
    retriesPerMinute: brand.retrySweep.maxRetriesPerSweep,
    sweepDays: transactions.reconciler.sweepDays,
  };
}

/** The same settings, each at its highest value. */
export const HIGHEST_SETTINGS: Omit<ScalingSettings, 'sweepDays'> = {
  reporterConcurrency: QUOTAS.sqsMappingConcurrency.limit,
  batchSize: 10,
  throttlePerSecond: QUOTAS.httpApiRequests.limit,
  retriesPerMinute: 60_000,
};

/** A resource that is exhausted at some number of orders. */
export type Limit = {
  what: string;
  /**
   * Orders a day at which it is exhausted, for one brand and one account at Button, in the busiest second
   * unless `holds` says otherwise.
   */
  ordersPerDay: number;
  kind: 'setting' | 'quota' | 'design';
  /** How to raise it. */
  remedy: string;
};

const DAY = 86_400;

/** Converts a rate per second at the peak to orders a day, if each order uses `perOrder` of it. */
function fromPeakRate(rate: number, perOrder: number): number {
  return ((rate / perOrder) * DAY) / ASSUMED.peak;
}

/** The most orders that sequential work of this many seconds each allows in a day. */
function fromDailyWork(secondsPerOrder: number): number {
  return DAY / secondsPerOrder;
}

/**
 * Kilobytes of the transactions table that the expiry of personal data reads in a week. It uses 13 of every
 * 15 minutes.
 */
function scannedInAWeekKb(): number {
  const { scanSecondsPerMb, storedTransactionCpuMs, cpuSlowdown, transactionKb } = ASSUMED;
  const cpuSecondsPerMb = ((1000 / transactionKb) * storedTransactionCpuMs * cpuSlowdown) / 1000;
  return ((7 * DAY * (780 / 900)) / (scanSecondsPerMb + cpuSecondsPerMb)) * 1000;
}

/** All limits, the lowest first. */
export function listLimits(settings: ScalingSettings): Limit[] {
  return [...limitingSettings(settings), ...limitingQuotas(settings), ...limitingDesigns(settings)].toSorted(
    (one, other) => one.ordersPerDay - other.ordersPerDay,
  );
}

const BATCH_SECONDS = ASSUMED.buttonOrderSeconds + 0.02;

function limitingSettings(settings: ScalingSettings): Limit[] {
  const limits = [
    {
      what: `the reporter's concurrency (\`maxConcurrency\` ${settings.reporterConcurrency}, \`batchSize\` ${settings.batchSize})`,
      ordersPerDay: fromPeakRate(settings.reporterConcurrency, BATCH_SECONDS / settings.batchSize),
      remedy: 'raise `maxConcurrency`, up to 1,000; ask Button first what rate it takes',
    },
    {
      what: `the webhook throttle (\`throttle.rateLimit\` ${settings.throttlePerSecond})`,
      ordersPerDay: fromPeakRate(settings.throttlePerSecond, ASSUMED.webhooksPerOrder),
      remedy: 'raise it; what is throttled, Button sends again and the reconciler finds',
    },
    {
      what: `retrying within an hour what an hour without Button left behind (\`retrySweep.maxRetriesPerSweep\` ${settings.retriesPerMinute} a minute)`,
      ordersPerDay: settings.retriesPerMinute * 60 * 24,
      remedy: 'raise it, up to 60,000; within it, Button decides by 429 and `Retry-After`',
    },
  ];
  return limits.map((limit) => ({ ...limit, kind: 'setting' }));
}

function limitingQuotas({ batchSize }: ScalingSettings): Limit[] {
  const { webhooksPerOrder, webhookSeconds, publishSeconds } = ASSUMED;
  const executionsPerOrder =
    BATCH_SECONDS / batchSize + webhooksPerOrder * (webhookSeconds + publishSeconds / 10);
  const limits = [
    {
      what: `${QUOTAS.newAccountConcurrency.what} (${QUOTAS.newAccountConcurrency.limit})`,
      ordersPerDay: fromPeakRate(QUOTAS.newAccountConcurrency.limit, executionsPerOrder),
      remedy: 'ask AWS for the usual 1,000 before going live',
    },
    {
      what: `${QUOTAS.lambdaConcurrency.what} (${numberText(QUOTAS.lambdaConcurrency.limit)})`,
      ordersPerDay: fromPeakRate(QUOTAS.lambdaConcurrency.limit, executionsPerOrder),
      remedy: 'ask AWS for more',
    },
    {
      what: `${QUOTAS.sqsFifoRequests.what}: sent one by one`,
      ordersPerDay: fromPeakRate(QUOTAS.sqsFifoRequests.limit, 1),
      remedy: 'send ten at a time, as the producer client does: ten times as much',
    },
    {
      what: QUOTAS.sqsFifoInFlight.what,
      ordersPerDay: fromPeakRate(QUOTAS.sqsFifoInFlight.limit, BATCH_SECONDS),
      remedy: 'several brands: each has its own queue',
    },
    {
      what: `${QUOTAS.secretReads.what}: one a minute by each environment`,
      ordersPerDay: fromPeakRate(QUOTAS.secretReads.limit * 60, executionsPerOrder),
      remedy: 'a longer age of cached secrets',
    },
    {
      what: `${QUOTAS.httpApiRequests.what} (${numberText(QUOTAS.httpApiRequests.limit)})`,
      ordersPerDay: fromPeakRate(QUOTAS.httpApiRequests.limit, webhooksPerOrder),
      remedy: 'ask AWS for more',
    },
    {
      what: `${QUOTAS.newTableWriteUnits.what} (${numberText(QUOTAS.newTableWriteUnits.limit)}): two an order, two a webhook`,
      ordersPerDay: fromPeakRate(QUOTAS.newTableWriteUnits.limit, 2 * webhooksPerOrder),
      remedy: 'it grows by itself as traffic does; before a sale, warm the tables',
    },
    {
      what: `${QUOTAS.tableWriteUnits.what} (${numberText(QUOTAS.tableWriteUnits.limit)}): two a webhook`,
      ordersPerDay: fromPeakRate(QUOTAS.tableWriteUnits.limit, 2 * webhooksPerOrder),
      remedy: 'ask AWS for more',
    },
    {
      what: `${QUOTAS.putEvents.what} (${numberText(QUOTAS.putEvents.limit)})`,
      ordersPerDay: fromPeakRate(QUOTAS.putEvents.limit * 10, webhooksPerOrder),
      remedy: 'ask AWS for more; until then the publisher is behind',
    },
  ];
  return limits.map((limit) => ({ ...limit, kind: 'quota' }));
}

function limitingDesigns({ sweepDays }: ScalingSettings): Limit[] {
  const { webhooksPerOrder } = ASSUMED;
  const pageSeconds = ASSUMED.buttonPageSeconds + ASSUMED.storePageSeconds;
  const limits = [
    {
      what: `the index of what is due, while Button is down: ${DUE_SHARDS} shards of a brand, ${numberText(QUOTAS.partitionWriteUnits.limit)} write units a second each`,
      ordersPerDay: fromPeakRate(DUE_SHARDS * QUOTAS.partitionWriteUnits.limit, 1),
      remedy:
        'more brands, or more shards (`DUE_SHARDS`, with a migration); until then the table refuses writes and orders wait on their queue, whole and in order',
    },
    {
      what: "reading an account's incremental stream, page after page",
      ordersPerDay: fromDailyWork((webhooksPerOrder * pageSeconds) / 100),
      remedy: 'more accounts: Button pages by cursor, so one account is read by one worker',
    },
    {
      what: 'the daily sweep of the last seven days within a day',
      ordersPerDay: fromDailyWork((7 * webhooksPerOrder * pageSeconds) / 100),
      remedy: 'a rarer `dailySweep`',
    },
    {
      what: `the weekly sweep of ${sweepDays} days within a week`,
      ordersPerDay: (7 * DAY) / ((sweepDays * pageSeconds) / 100),
      remedy: 'fewer `sweepDays`, or a rarer `weeklySweep`',
    },
    {
      what: 'the expiry of personal data: a pass over a table of 400 days within a week',
      ordersPerDay: scannedInAWeekKb() / (400 * ASSUMED.transactionKb),
      remedy:
        'a pass takes as long as it takes, and the next one begins after it; personal data stays as much longer',
    },
  ];
  return limits.map((limit) => ({ ...limit, kind: 'design' }));
}

const SCALES = [1e3, 1e6, 1e9] as const;

/** The text of docs/scaling.md. */
export function scalingPage(): string {
  const defaults = defaultSettings();
  const highest = { ...defaults, ...HIGHEST_SETTINGS };
  const limitsTable = (limits: readonly Limit[]): string =>
    table(
      ['orders a day', 'what is full', '', 'what helps'],
      limits.map(({ ordersPerDay, what, kind, remedy }) => [roughly(ordersPerDay), what, kind, remedy]),
    );
  const sections = [
    '# Scaling',
    'Written by `npm run bench -- --costs`; do not edit. What fills up, and at how many orders a day, is computed from the settings (`infra`), AWS’s quotas (`tooling/benchmarks/quotas.ts`) and the assumptions at the end. **Button publishes no rate limits**: ask your Button contact before raising anything that calls it more often.',
    ...SCALES.map((orders) => scaleSection(orders, { defaults, highest })),
    `## Everything that fills up, by default\n\nOne brand, one account at Button, one publisher; in the busiest second, which has ${ASSUMED.peak} times the average.\n\n${limitsTable(listLimits(defaults))}`,
    `## The same with every setting at its highest\n\n${limitsTable(listLimits(highest).filter(({ kind }) => kind === 'setting'))}\n\nQuotas and designs stay as they are.`,
    floodsSection(),
    `## Where the design ends\n\n- **What is due during an outage.** Waiting orders of a brand stand in ${DUE_SHARDS} partitions of one index, each of which takes ${numberText(QUOTAS.partitionWriteUnits.limit)} writes a second. Orders that come faster while Button is down are refused by the table and wait on their queue.\n- **One worker reads an account.** Button’s pages follow each other by cursor; nothing that we could set makes one account faster than its pages.\n- **The expiry of personal data** reads the table with one worker, run by run: ${numberText(scannedInAWeekKb() / (7 * 24) / 1e6)} GB an hour, ${numberText(scannedInAWeekKb() / 1e6)} GB a week. A pass over more takes longer, and still comes to its end.\n- **A shopper** is one partition of the index by shopper: an id that all guests share takes ${numberText(QUOTAS.partitionWriteUnits.limit)} writes a second, and no more.`,
    `## Quotas and assumptions\n\nus-east-1; other regions have less, of SQS and EventBridge above all.\n\n${table(
      ['quota', 'limit', 'raised on request', 'source'],
      Object.values(QUOTAS).map(({ what, limit, adjustable, source }) => [
        what,
        limit.toLocaleString('en-US'),
        adjustable ? 'yes' : 'no',
        source,
      ]),
    )}\n\n${table(
      ['assumption (`tooling/benchmarks/scaling.ts`)', ''],
      Object.entries(ASSUMED).map(([name, value]) => [name, String(value)]),
    )}`,
  ];
  return `${sections.join('\n\n')}\n`;
}

function scaleSection(
  orders: number,
  { defaults, highest }: { defaults: ScalingSettings; highest: ScalingSettings },
): string {
  const peakOrders = (orders / DAY) * ASSUMED.peak;
  const webhooks = peakOrders * ASSUMED.webhooksPerOrder;
  const concurrency = Math.ceil(peakOrders * ((ASSUMED.buttonOrderSeconds + 0.02) / defaults.batchSize));
  const gigabytes = (orders * 365 * (ASSUMED.orderKb + ASSUMED.transactionKb)) / 1e6;
  const full = listLimits(defaults).filter(({ ordersPerDay }) => ordersPerDay < orders);
  const stillFull = listLimits(highest).filter(({ ordersPerDay }) => ordersPerDay < orders);
  const [first] = full;
  const settings = [
    `\`maxConcurrency\` ${Math.min(1000, Math.max(2, concurrency)).toLocaleString('en-US')}${concurrency > 1000 ? ` (${concurrency.toLocaleString('en-US')} are needed: spread over several brands)` : ''}`,
    `\`throttle.rateLimit\` ${Math.min(10_000, Math.max(defaults.throttlePerSecond, Math.ceil(1.5 * webhooks))).toLocaleString('en-US')}`,
    `\`retrySweep.maxRetriesPerSweep\` ${Math.min(60_000, Math.max(6000, Math.ceil(orders / 24 / 60))).toLocaleString('en-US')}`,
  ];
  return [
    `## ${titleOf(orders)} orders a day`,
    '',
    `${roughly(peakOrders)} orders and ${roughly(webhooks)} webhooks in the busiest second; ${roughly(gigabytes)} GB more after a year.`,
    '',
    `- **First to be full:** ${first === undefined ? 'nothing; the first would be ' + (listLimits(defaults)[0]?.what ?? '') + ', at ' + roughly(listLimits(defaults)[0]?.ordersPerDay ?? 0) : `${first.what}, at ${roughly(first.ordersPerDay)}`}.`,
    `- **Settings:** ${settings.join(', ')}.`,
    `- **Full by default:** ${full.length} of ${listLimits(defaults).length}; **with these settings, still:** ${stillFull.length === 0 ? 'nothing' : stillFull.map(({ what }) => what).join('; ')}.`,
  ].join('\n');
}

function titleOf(orders: number): string {
  return { 1e3: 'A thousand', 1e6: 'A million', 1e9: 'A thousand million' }[orders] ?? String(orders);
}

/** Rounds to two significant digits; the estimates are no more precise. */
function roughly(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString('en-US');
}

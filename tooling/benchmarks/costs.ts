import { METRICS } from '../../shared/runtime/metric-definitions.ts';
import { COUNTED, COUNTED_ROWS, countOrders, countPublications, countRows, countWebhooks } from './counts.ts';
import { ASSUMED, callsToAws, perMillion, tracesRecorded } from './duration-model.ts';
import { metricsSentence } from './metric-costs.ts';
import { idleBrandSection } from './idle-brand.ts';
import type { Laboratory } from './laboratory.ts';
import { dollarsOf, PRICES, PRICES_AS_OF, type PriceName, type Quantities } from './prices.ts';
import { numberText, table } from './report.ts';
import { countFixedResources, type FixedResources } from './stage-resources.ts';

/** The quantities and the cost of a million operations of one kind. */
export type MillionCost = { what: string; quantities: Quantities };

/** Counts what a million operations of each kind use, with this project's own functions. */
export async function countMillions(
  laboratory: Laboratory,
  { accessLogLineBytes }: FixedResources,
): Promise<MillionCost[]> {
  return [
    await orders(laboratory, 10),
    await orders(laboratory, 1),
    await webhooks(laboratory, 'new', accessLogLineBytes),
    await webhooks(laboratory, 'repeated', accessLogLineBytes),
    await publications(laboratory),
    await rows(laboratory, 'new'),
    await rows(laboratory, 'unchanged'),
  ];
}

async function orders(laboratory: Laboratory, batchSize: number): Promise<MillionCost> {
  const reporter = laboratory.bundles.ours('order-reporter').entry;
  const counted = await countOrders(laboratory, reporter, { situation: 'created', batchSize });
  const timing = {
    items: COUNTED,
    invocations: COUNTED / batchSize,
    cpuMs: ASSUMED.orderCpuMs,
    waitMs: ASSUMED.buttonOrderMs + 2 * ASSUMED.awsCallMs,
  };
  return {
    what: `orders created, ${batchSize === 1 ? 'one' : 'ten'} in a batch`,
    quantities: {
      ...perMillion(counted, timing),
      // Each message is sent alone, and received and deleted with its batch.
      sqsFifoRequest: 1e6 + (2 * 1e6) / batchSize,
    },
  };
}

async function webhooks(
  laboratory: Laboratory,
  situation: 'new' | 'repeated',
  accessLogLineBytes: number,
): Promise<MillionCost> {
  const receiver = laboratory.bundles.ours('webhook-receiver').entry;
  const counted = await countWebhooks(laboratory, receiver, situation);
  const timing = {
    items: COUNTED,
    invocations: COUNTED,
    cpuMs: ASSUMED.webhookCpuMs,
    waitMs: (callsToAws(counted) / COUNTED) * ASSUMED.awsCallMs,
  };
  const quantities = perMillion(counted, timing);
  return {
    what: `webhooks, ${situation === 'new' ? 'each with something new' : 'repeated'}`,
    quantities: {
      ...quantities,
      httpApiRequest: 1e6,
      logIngestion: (quantities.logIngestion ?? 0) + ((accessLogLineBytes + 26) * 1e6) / 1e9,
    },
  };
}

async function rows(laboratory: Laboratory, situation: 'new' | 'unchanged'): Promise<MillionCost> {
  const counted = await countRows(laboratory, situation);
  const pages = COUNTED_ROWS / 100;
  const writesInARow = situation === 'new' ? Math.ceil(100 / 16) : 0;
  const timing = {
    items: COUNTED_ROWS,
    // One invocation for all of them, because their time is what AWS bills.
    invocations: 1,
    cpuMs: ASSUMED.rowCpuMs,
    waitMs: pages * (ASSUMED.buttonPageMs + (2 + writesInARow) * ASSUMED.awsCallMs),
  };
  return { what: `rows reconciled, ${situation}`, quantities: perMillion(counted, timing) };
}

async function publications(laboratory: Laboratory): Promise<MillionCost> {
  const counted = await countPublications(laboratory);
  const timing = { items: COUNTED, invocations: 1, cpuMs: ASSUMED.eventCpuMs, waitMs: ASSUMED.awsCallMs };
  return {
    what: 'events put on the bus, ten in a batch',
    quantities: { ...perMillion(counted, timing), eventBridgeEvent: 1e6 },
  };
}

/** Quantities of thirty idle days, for a stage with both sides and one brand. */
function fixedQuantities(fixedResources: FixedResources): Quantities {
  const pollsOfAQueue = (ASSUMED.pollers * 30 * 86_400) / ASSUMED.pollSeconds;
  return {
    alarm: fixedResources.alarmMetrics,
    dashboard: fixedResources.dashboards,
    secret: fixedResources.secrets,
    // Assumes that every metric is emitted every hour, with one set of dimensions.
    customMetric: Object.keys(METRICS).length,
    schedulerInvocation: fixedResources.scheduledRuns,
    lambdaRequest: fixedResources.scheduledRuns,
    lambdaGbSecond: fixedResources.scheduledRuns * 0.1 * ASSUMED.memoryGb,
    secretRead: fixedResources.scheduledRuns,
    // Each run is the first of its second.
    trace: fixedResources.scheduledRuns,
    sqsFifoRequest: fixedResources.queuesThatAreRead * pollsOfAQueue,
  };
}

const COLUMNS: Readonly<Record<string, readonly PriceName[]>> = {
  Lambda: ['lambdaRequest', 'lambdaGbSecond'],
  gateway: ['httpApiRequest'],
  queue: ['sqsFifoRequest'],
  DynamoDB: ['dynamodbReadUnit', 'dynamodbWriteUnit'],
  logs: ['logIngestion'],
  events: ['eventBridgeEvent'],
};

/** The text of docs/costs.md. */
export async function costsPage(laboratory: Laboratory): Promise<string> {
  const { stage: fixedResources, brand } = countFixedResources(laboratory.bundles.folder);
  const millions = await countMillions(laboratory, fixedResources);
  const fixed = dollarsOf(fixedQuantities(fixedResources));
  const totals = new Map(millions.map(({ what, quantities }) => [what, dollarsOf(quantities).total]));
  const total = (what: string): number => totals.get(what) ?? NaN;
  const month =
    total('orders created, ten in a batch') +
    2 * total('webhooks, each with something new') +
    2 * total('events put on the bus, ten in a batch') +
    // Each row is read by the incremental stream and by seven daily sweeps.
    16 * total('rows reconciled, unchanged');
  const sections = [
    '# What it costs',
    'Written by `npm run bench -- --costs`; do not edit. Calls, units and log bytes are counted: the bundles handle events against a DynamoDB on this machine, with the settings that a stage has by default. Dollars are these counts at list prices. Durations are a model of ours, below. Nothing was read from a bill.',
    `## A million of each, in dollars\n\n${table(
      ['', ...Object.keys(COLUMNS), 'together'],
      millions.map(({ what, quantities }) => {
        const { parts, total: sum } = dollarsOf(quantities);
        const cells = Object.values(COLUMNS).map((names) =>
          money(names.reduce((part, name) => part + (parts[name] ?? 0), 0)),
        );
        return [what, ...cells, money(sum)];
      }),
    )}`,
    `A purchase with an order is found by Button's own id too: an alias, which costs one write unit ($${money(PRICES.dynamodbWriteUnit.dollars)} a million) for each new purchase, once. App installs need none. The event publisher asks with half a read unit for each published version whether a checkout waited for it. A version that has not changed since its creation is written without a read, as most of them are new; a repeat of one costs a refused write more, and a read instead of half a read unit. The plain attributes and the versions seen take a purchase a little over a kilobyte: one more write unit in the table. Rows of the Transactions API name the Brand and webhooks do not, so the first read of a purchase writes it once more, without an event.`,
    'Before each call to Button, the reconciler and the planner read how long Button has asked the key to wait: half a read unit a call, for a page of up to 100 rows, which the rows above contain. The list of accounts, which can have a pause of its own, takes twice that.',
    `The index by shopper is on and takes one write unit of each new webhook and row ($${money(PRICES.dynamodbWriteUnit.dollars)} a million); \`shopperField: none\` saves it. ${tracesSentence()} Point-in-time recovery and storage add $${PRICES.dynamodbRecovery.dollars + PRICES.dynamodbStorage.dollars} a GB and month: an order takes somewhat less than a kilobyte, a transaction somewhat more.`,
    `## Thirty days in which nothing happens\n\nA production stage with both sides and one brand: ${fixedResources.alarms} alarms on ${fixedResources.alarmMetrics} metrics, ${fixedResources.dashboards} dashboards, ${fixedResources.secrets} secrets, ${Math.round(fixedResources.scheduledRuns).toLocaleString('en-US')} runs of schedules, ${fixedResources.queuesThatAreRead} queues that Lambda asks again and again.\n\n${table(
      ['', 'dollars'],
      [
        ...Object.entries(fixed.parts).map(([name, dollars]) => [FIXED_NAMES[name] ?? name, money(dollars)]),
        ['together', money(fixed.total)],
      ],
    )}\n\n${metricsSentence()}`,
    await idleBrandSection(laboratory, brand),
    expirySection(),
    `## A month of a million orders\n\nTwo webhooks and two events for each order, each transaction read eight times by the reconciler and its daily sweeps, in full batches: $${money(month)}, beside the $${money(fixed.total)} that stand. With tracing on, which is the default, X-Ray adds $${money(monthOfTraces())}.`,
    `## Prices and assumptions\n\nList prices of ${PRICES_AS_OF.region} as known on ${PRICES_AS_OF.on}, without free tiers, savings plans and taxes; \`tooling/benchmarks/prices.ts\` holds them. Not every page could be read on that day: compare them with the sources before you budget by them.\n\n${table(
      ['', 'dollars', 'for', 'source'],
      Object.entries(PRICES).map(([name, { dollars, per, unit, source }]) => [
        name,
        String(dollars),
        `${per.toLocaleString('en-US')} ${unit}`,
        source,
      ]),
    )}\n\n${table(
      ['assumption (`tooling/benchmarks/duration-model.ts`)', ''],
      Object.entries(ASSUMED).map(([name, value]) => [name, numberText(value)]),
    )}`,
  ];
  return `${sections.join('\n\n')}\n`;
}

/** What X-Ray costs for a million and for a hundred million invocations a month. */
function tracesSentence(): string {
  const [few = '', many = ''] = [1e6, 1e8].map((invocations) => {
    const recorded = tracesRecorded(invocations);
    return `${Math.round((100 * recorded) / invocations)}% ($${money(dollarsOf({ trace: recorded }).total)})`;
  });
  return `With tracing on, X-Ray records the first invocation of each second and ${100 * ASSUMED.tracedShare}% of the rest. Of a million invocations of a function in a month it records ${few}, of a hundred million ${many}.`;
}

/** The cost of traces of a million orders: full batches of reporter and publisher, two webhooks an order. */
function monthOfTraces(): number {
  const invocations = [1e6 / 10, 2e6, 2e6 / 10];
  const recorded = invocations.map(tracesRecorded).reduce((sum, each) => sum + each, 0);
  return dollarsOf({ trace: recorded }).total;
}

/** For a ledger with a million orders of one kilobyte each. */
function expirySection(): string {
  const ledgerKilobytes = 1e6;
  const pagesOfPass = ledgerKilobytes / 1000;
  // An eventually consistent read takes half a unit for 4 KB.
  const pass = dollarsOf({ dynamodbReadUnit: ledgerKilobytes / 8, dynamodbWriteUnit: pagesOfPass }).total;
  const expired = dollarsOf({ dynamodbWriteUnit: 1e6 }).total;
  return `## Customers that expire\n\n\`customer-expiry\` reads the order ledger of all brands once a week: $${money(pass)} for each million orders in it, however many of them expire. Each customer that is erased is one write unit more: $${money(expired)} a million, once. An idle brand adds nothing. A run reads 100 MB at most, a quarter of an hour apart.`;
}

const FIXED_NAMES: Readonly<Record<string, string>> = {
  alarm: 'alarms',
  dashboard: 'dashboards',
  secret: 'secrets',
  customMetric: 'custom metrics, one of each',
  schedulerInvocation: 'schedules',
  lambdaRequest: 'invocations by schedules',
  lambdaGbSecond: 'their duration, a tenth of a second each',
  secretRead: 'secrets read, at most',
  trace: 'traces of these runs, where `tracing` is on',
  sqsFifoRequest: 'idle queues asked, at most',
};

function money(dollars: number): string {
  return dollars.toFixed(2);
}

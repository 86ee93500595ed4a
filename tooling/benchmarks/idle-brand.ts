import { METRICS, type MetricDefinition } from '../../shared/runtime/metric-definitions.ts';
import { COUNTED, countIdleSweeps } from './counts.ts';
import { ASSUMED } from './duration-model.ts';
import type { Laboratory } from './laboratory.ts';
import type { Counted } from './operations.ts';
import { dollarsOf, PRICES, type PriceName, type Quantities } from './prices.ts';
import { table } from './report.ts';
import type { FixedResources } from './stage-resources.ts';

/** What an idle brand uses in thirty days without any order, with tracing on. */
function idleBrandQuantities(
  brand: FixedResources,
  ofTenSweeps: Pick<Counted, 'readUnits' | 'logBytes'>,
): Quantities {
  const { scheduledRuns } = brand;
  return {
    ...sweepQuantities(scheduledRuns, ofTenSweeps),
    alarm: brand.alarmMetrics,
    secret: brand.secrets,
    sqsFifoRequest: (brand.queuesThatAreRead * ASSUMED.pollers * 30 * 86_400) / ASSUMED.pollSeconds,
  };
}

/**
 * What follows from the schedule alone. The runs are so far apart that X-Ray records each of them, as the
 * first request of its second.
 */
function sweepQuantities(
  runs: number,
  { readUnits, logBytes }: Pick<Counted, 'readUnits' | 'logBytes'>,
): Quantities {
  return {
    schedulerInvocation: runs,
    lambdaRequest: runs,
    lambdaGbSecond: runs * 0.1 * ASSUMED.memoryGb,
    dynamodbReadUnit: (runs * readUnits) / COUNTED,
    logIngestion: (runs * logBytes) / COUNTED / 1e9,
    trace: runs,
  };
}

const NAMES: Partial<Record<PriceName, string>> = {
  alarm: 'alarms',
  secret: 'secret',
  sqsFifoRequest: 'its idle queue asked, at most',
  schedulerInvocation: 'sweeps: schedule',
  lambdaRequest: 'sweeps: invocations',
  lambdaGbSecond: 'sweeps: duration, a tenth of a second each',
  dynamodbReadUnit: 'sweeps: reads of the ledger',
  logIngestion: 'sweeps: logs',
  trace: 'sweeps: traces, where `tracing` is on',
};

/** The section of docs/costs.md about an idle brand. */
export async function idleBrandSection(laboratory: Laboratory, brand: FixedResources): Promise<string> {
  const counted = await countIdleSweeps(laboratory);
  const { parts, total } = dollarsOf(idleBrandQuantities(brand, counted));
  const sweeps = dollarsOf(sweepQuantities(brand.scheduledRuns, counted));
  const rows = Object.entries(NAMES).map(([name, what]) => [what, money(partOf(parts, name))]);
  const { byBrand, byCurrency } = metricsOfABrand();
  const metric = PRICES.customMetric.dollars;
  return `## An idle brand

What one brand more costs in thirty days in which it has no order: ${brand.alarms} alarms on ${brand.alarmMetrics} metrics, ${brand.secrets} secret, ${Math.round(brand.scheduledRuns).toLocaleString('en-US')} runs of its sweep. A hundred idle brands cost $${(100 * total).toFixed(0)}.

${table(['', 'dollars'], [...rows, ['together', money(total)]])}

Its sweep of one a minute is $${money(sweeps.total)} of it, so it is not the largest part; \`retrySweep.schedule\` of \`rate(5 minutes)\` takes it to $${money(sweeps.total / 5)}, and orders wait up to five minutes longer for another try. An idle brand has no metrics of its own. Once it has orders, it has at most ${byBrand} of them and ${byCurrency} for each currency, each $${money(metric)} if it is emitted in every hour: $${money((byBrand + byCurrency) * metric)} with one currency.`;
}

function partOf(parts: Readonly<Record<string, number>>, name: string): number {
  return parts[name] ?? 0;
}

function metricsOfABrand(): { byBrand: number; byCurrency: number } {
  const kinds = Object.values<MetricDefinition>(METRICS).map(({ dimensions }) => dimensions.join(','));
  return {
    byBrand: kinds.filter((kind) => kind === 'Brand').length,
    byCurrency: kinds.filter((kind) => kind === 'Brand,Currency').length,
  };
}

function money(dollars: number): string {
  return dollars.toFixed(2);
}

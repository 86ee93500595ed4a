import { METRICS, type MetricDefinition } from '../../shared/runtime/metric-definitions.ts';
import { PRICES } from './prices.ts';

/** What custom metrics cost by the values of their dimensions, for docs/costs.md. */
export function metricsSentence(): string {
  const all = Object.values<MetricDefinition>(METRICS);
  const of = (...names: string[]): number =>
    all.filter(({ dimensions }) => names.every((name) => dimensions.includes(name))).length;
  const dollars = (metrics: number): string => `$${(metrics * PRICES.customMetric.dollars).toFixed(2)}`;
  const byPair = of('Brand', 'Currency');
  const byBrand = of('Brand') - byPair;
  const many = 5 * byBrand + 15 * byPair;
  return `CloudWatch bills a metric once for each set of its dimensions. Here each metric has one set, as if there were one brand, one account and one currency, and is emitted in every hour; one that is silent costs nothing. Metrics of orders are by brand (${byBrand}) or by brand and currency (${byPair}): five brands with three currencies each have ${many} of them, ${dollars(many)}. A further currency of the publisher has ${of('Currency') - byPair}, a further account ${of('Account')}.`;
}

import { describe, expect, it } from 'vitest';

import { LAMBDA_REPORTS } from './lambda-reports.ts';
import { readInsightsQuery } from './logs-insights.ts';
import { DEVELOPMENT_STAGE, synthesizeStage } from './synthesized-stage.ts';

/** With every function that there is. */
const stage = synthesizeStage({
  ...DEVELOPMENT_STAGE,
  orderReporting: { brands: [{ id: 'acme', audit: {} }] },
  transactions: {
    publisherApi: {},
    rewardQueue: { deliverTo: { url: 'https://rewards.example.com/button' } },
  },
});
const queries = stage
  .resources('AWS::Logs::QueryDefinition')
  .map(({ Properties }) => ({
    name: String(Properties['Name']),
    text: String(Properties['QueryString']),
    logGroups: JSON.stringify(Properties['LogGroupNames']),
  }))
  .filter(({ name }) => /\/(What failed|Why they are not published)$/.test(name));

describe('AWS, requirement 7: the saved queries of failures', () => {
  it('exist for orders, transactions, webhooks, the reconciliation and events', () => {
    expect(queries).toHaveLength(6);
  });

  it('cover every function', () => {
    const functions = stage.resources('AWS::Lambda::Function');
    const logGroupOf = (properties: Record<string, unknown>): string =>
      JSON.stringify((properties['LoggingConfig'] as { LogGroup: unknown }).LogGroup);

    const uncovered = functions.filter(
      ({ Properties }) => !queries.some(({ logGroups }) => logGroups.includes(logGroupOf(Properties))),
    );

    expect(functions.length).toBeGreaterThan(10);
    expect(uncovered.map(({ logicalId }) => logicalId)).toEqual([]);
  });

  it.each<[string, unknown]>([
    ...Object.entries(LAMBDA_REPORTS),
    ['an error of our code', { level: 'ERROR', message: { event: 'order_not_reported' } }],
    ['an error that ended Node.js', { level: 'FATAL', errorType: 'TypeError', errorMessage: 'x' }],
  ])('find %s', (_failure, line) => {
    for (const { text } of queries) expect(readInsightsQuery(text).finds(line)).toBe(true);
  });

  it('show which item failed, and do not find what succeeded', () => {
    for (const { text } of queries) {
      const { fields, finds } = readInsightsQuery(text);

      expect(fields).toEqual(expect.arrayContaining(['record.status', 'record.errorType']));
      expect(finds({ level: 'INFO', message: { event: 'stream_reconciled' } })).toBe(false);
      expect(finds({ _aws: {}, WebhooksApplied: 1 })).toBe(false);
    }
  });
});

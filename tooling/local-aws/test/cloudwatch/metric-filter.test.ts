import { describe, expect, it } from 'vitest';
import { parseFilterPattern } from '../../cloudwatch/filter-pattern.ts';
import { createMetricFilter } from '../../cloudwatch/metric-filter.ts';
import { createMetricStore } from '../../cloudwatch/metric-store.ts';

const IS_FROM_BUTTON = '$.userAgent = "Button Webhooks*"';
const IS_FAILURE = `{ ($.status = "5*") || ($.status = "429") || (($.status != "2*") && (${IS_FROM_BUTTON})) }`;

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
describe('a filter pattern', () => {
  it.each([
    [`{ ${IS_FROM_BUTTON} }`, { userAgent: 'Button Webhooks/1.0' }, true],
    [`{ ${IS_FROM_BUTTON} }`, { userAgent: 'a Button Webhooks/1.0' }, false],
    [`{ ${IS_FROM_BUTTON} }`, { userAgent: '-' }, false],
    [`{ ${IS_FROM_BUTTON} }`, {}, false],
    [IS_FAILURE, { status: '503' }, true],
    [IS_FAILURE, { status: '429' }, true],
    [IS_FAILURE, { status: '401', userAgent: 'Button Webhooks/1.0' }, true],
    [IS_FAILURE, { status: '401', userAgent: 'curl/8' }, false],
    [IS_FAILURE, { status: '200', userAgent: 'Button Webhooks/1.0' }, false],
    [IS_FAILURE, { status: '204', userAgent: 'Button Webhooks/1.0' }, false],
    [IS_FAILURE, { status: '301', userAgent: 'Button Webhooks/1.0' }, true],
    [IS_FAILURE, { status: '404', userAgent: 'Button Webhooks/1.0' }, true],
    [IS_FAILURE, { status: '413', userAgent: 'Button Webhooks/1.0' }, true],
    [IS_FAILURE, { status: '404', userAgent: 'curl/8' }, false],
    [IS_FAILURE, { status: '450' }, false],
    ['{ $.eventType = "UpdateTrail" }', { eventType: 'UpdateTrail' }, true],
    ['{ $.sourceIPAddress != 123.123.* }', { sourceIPAddress: '10.0.0.1' }, true],
    ['{ $.sourceIPAddress != 123.123.* }', { sourceIPAddress: '123.123.0.1' }, false],
    [
      '{ $.user.id = 1 && $.user.email = "John.Stiles@example.com" }',
      { user: { id: 1, email: 'John.Stiles@example.com' } },
      true,
    ],
    [
      '{ $.user.id = 1 && $.user.email = "John.Stiles@example.com" }',
      { user: { id: 2, email: 'John.Stiles@example.com' } },
      false,
    ],
    ['{ $.bandwidth > 75 }', { bandwidth: 76 }, true],
    ['{ $.bandwidth > 75 }', { bandwidth: '76' }, false],
    ['{ $.latency <= 1.5 }', { latency: 1.5 }, true],
    ['', { anything: 1 }, true],
  ])('%s on %j: %s', (pattern, event, expected) => {
    expect(parseFilterPattern(pattern)(JSON.stringify(event))).toBe(expected);
  });

  it('for JSON matches no line that is not JSON', () => {
    expect(parseFilterPattern('{ $.a != "b" }')('not JSON')).toBe(false);
  });

  it.each([
    'ERROR',
    '[ip, user]',
    '{ $.a IS NULL }',
    '{ $.a = %regex% && }',
    '{ $.a[0] = 1 }',
    '{ a = 1 }',
    '{ $.a = 1',
  ])('that is not understood is refused: %s', (pattern) => {
    expect(() => parseFilterPattern(pattern)).toThrow(
      'supported locally|understood locally'.split('|')[pattern.startsWith('{') ? 1 : 0],
    );
  });
});

describe('a metric filter', () => {
  const FAILED = { namespace: 'Shop', name: 'Failed', dimensions: {} };
  const WHOLE = { fromMs: 0, untilMs: 1000 };

  function valuesOf(transformation: object, lines: string[]): number[] {
    const store = createMetricStore();
    const filter = createMetricFilter(
      {
        FilterPattern: '{ $.status = "5*" }',
        LogGroupName: 'access',
        MetricTransformations: [
          { MetricNamespace: 'Shop', MetricName: 'Failed', MetricValue: '1', ...transformation },
        ],
      },
      store,
    );
    for (const [index, line] of lines.entries()) filter.read(line, index);
    return store.samples(FAILED, WHOLE).map(({ value }) => value);
  }

  it('emits its value for a line that matches, and its default value for any other line', () => {
    expect(valuesOf({ DefaultValue: 0 }, ['{"status":"500"}', '{"status":"200"}', 'text'])).toEqual([
      1, 0, 0,
    ]);
  });

  it('without a default value emits nothing for a line that does not match', () => {
    expect(valuesOf({}, ['{"status":"200"}', '{"status":"502"}'])).toEqual([1]);
  });

  it('emits the number that a selector finds', () => {
    const lines = ['{"status":"500","ms":12}', '{"status":"500","ms":"7.5"}', '{"status":"500","ms":"-"}'];

    expect(valuesOf({ MetricValue: '$.ms' }, lines)).toEqual([12, 7.5]);
  });
});

import { describe, expect, it } from 'vitest';

import { createMetricStore } from '../../local-aws/cloudwatch/metric-store.ts';
import { renderPage, type PageContent } from '../page.ts';

const SPAN = { fromMs: 1_000_000, untilMs: 1_060_000 };

const PLACE = { x: 0, y: 0, width: 8, height: 6 };

function graph(metrics: unknown[], properties: object = {}): object {
  return { ...PLACE, type: 'metric', properties: { title: 'Orders', metrics, ...properties } };
}

/**
 * A page with one board of these widgets, for a run in which acme reported 3 orders, and Button made 2 errors
 * in 40 calls.
 */
function page(widgets: object[], change: Partial<PageContent> = {}): string {
  const store = createMetricStore();
  const put = (name: string, dimensions: Record<string, string>, values: number[]) => {
    for (const [index, value] of values.entries())
      store.put({ namespace: 'Shop', name, dimensions }, { atMs: SPAN.fromMs + index * 10_000, value });
  };
  put('Reported', { Brand: 'acme' }, [1, 0, 2]);
  put('Reported', { Brand: 'globex' }, [5]);
  put('Calls', {}, [40]);
  put('Errors', {}, [2]);
  put('Age', { QueueName: 'Stack-Orders-1A2B' }, [7, 9, 8]);
  return renderPage({
    run: {
      store,
      span: SPAN,
      localPeriodMs: (periodMs) => periodMs / 30,
      nameOf: (name) => name.replace(/^Stack-(\w+)-.*/, '$1'),
    },
    phases: [{ title: 'Calm & quiet', fromMs: SPAN.fromMs, untilMs: SPAN.fromMs + 20_000 }],
    alarms: [],
    boards: [{ title: 'Business board', body: JSON.stringify({ widgets }) }],
    startedAt: new Date(SPAN.fromMs),
    notes: ['Tables put no metrics.'],
    ignoredMetrics: [],
    ...change,
  });
}

/** The content of the legend of the only graph. */
function legend(html: string): string[] {
  const entries = html.matchAll(
    /<li><i class="c\d"><\/i><span>([^<]*)<\/span><b[^>]*>([^<]*)<small> (\w+)/gu,
  );
  return [...entries].map(([, label = '', figure = '', what = '']) => `${label} ${figure} ${what}`);
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
describe('a board', () => {
  it('shows the lines of a graph with their figures: the sum of a flow, and the height of a level', () => {
    const html = page([
      graph([
        ['Shop', 'Reported', 'Brand', 'acme', { stat: 'Sum' }],
        ['.', '.', '.', 'globex', { stat: 'Sum' }],
        ['Shop', 'Age', 'QueueName', 'Stack-Orders-1A2B', { stat: 'Maximum', label: 'Oldest, seconds' }],
      ]),
    ]);

    expect(legend(html)).toEqual([
      'Reported acme 3 total',
      'Reported globex 5 total',
      'Oldest, seconds 9 max',
    ]);
  });

  it('computes the expressions of a graph, and hides its hidden lines', () => {
    const html = page([
      graph([
        [{ expression: '100 * errors / calls', label: 'Errors, per cent' }],
        ['Shop', 'Errors', { id: 'errors', visible: false, stat: 'Sum' }],
        ['Shop', 'Calls', { id: 'calls', visible: false, stat: 'Sum' }],
      ]),
    ]);

    expect(legend(html)).toEqual(['Errors, per cent 5 max']);
  });

  it('names the results of a search by what distinguishes them, in people’s terms', () => {
    const found = page([graph([[{ expression: "SEARCH('{Shop,Brand} Reported', 'Sum', 300)" }]])]);
    const queues = page([
      graph([[{ expression: "SEARCH('{Shop,QueueName} Age', 'Maximum', 300)", label: '' }]]),
    ]);

    expect(legend(found)).toEqual(['acme 3 total', 'globex 5 total']);
    expect(legend(queues)).toEqual(['Orders 9 max']);
  });

  it('puts each widget at its place on the grid', () => {
    const html = page([{ ...graph([['Shop', 'Calls']]), x: 16, y: 7, width: 8, height: 6 }]);

    expect(html).toContain('style="--x:17;--y:8;--w:8;--h:6"');
  });

  it('shows a single value over the whole run', () => {
    const html = page([
      graph([['Shop', 'Reported', 'Brand', 'acme', { stat: 'Sum' }]], { view: 'singleValue', period: 3600 }),
    ]);

    expect(html).toContain('<strong>3</strong><span>Reported</span>');
  });

  it('draws a horizontal annotation, or names it if it is far above', () => {
    const rules = (value: number) => ({ annotations: { horizontal: [{ value, label: 'alarm' }] } });

    expect(page([graph([['Shop', 'Calls']], rules(50))])).toContain('>alarm 50</text>');
    expect(page([graph([['Shop', 'Calls']], rules(3600))])).toContain('▲ alarm 3,600');
  });

  it('says which lines had no data', () => {
    const html = page([
      graph([
        ['Shop', 'Calls'],
        ['Shop', 'Refunds'],
      ]),
      { ...graph([[{ expression: "SEARCH('{AWS/DynamoDB,TableName}', 'Sum', 300)" }]]), y: 6 },
    ]);

    const silence = html.slice(html.indexOf('id="silence"'));
    expect(silence).toContain('<li>Orders: Refunds</li>');
    expect(silence).toContain('<li>Orders: nothing is found</li>');
    expect(html).toContain('No data in this run');
  });

  it('shows texts as Markdown, and markup in them unchanged', () => {
    const html = page([
      { ...PLACE, type: 'text', properties: { markdown: '## Orders `now`\n\n<script>alert(1)</script>' } },
    ]);

    expect(html).toContain('<h2>Orders <code>now</code></h2>');
    expect(html).not.toContain('<script');
  });

  it('shows the query of a log widget, which is not run here', () => {
    const html = page([
      { ...PLACE, type: 'log', properties: { title: 'Slow', query: "SOURCE 'x' | limit 1" } },
    ]);

    expect(html).toContain('SOURCE &#39;x&#39; | limit 1');
  });

  it.each([
    ['an unknown kind of widget', { ...PLACE, type: 'explorer', properties: {} }, 'Widget 1'],
    ['an unknown view', graph([['Shop', 'Calls']], { view: 'gauge' }), 'view'],
    ['an unknown property', graph([['Shop', 'Calls']], { title: 'Odd', rotated: true }), 'rotated'],
    ['a right axis', graph([['Shop', 'Calls', { yAxis: 'right' }]]), 'Widget 1'],
    ['a dynamic label', graph([['Shop', 'Calls', { label: '${MAX}' }]]), 'The dynamic label ${MAX}'],
    ['an unknown function', graph([[{ expression: 'MEDIAN(METRICS())' }]]), 'The function MEDIAN'],
  ])('with %s is refused by name', (_name, widget, problem) => {
    expect(() => page([widget])).toThrow(problem);
  });
});

describe('the page', () => {
  const ALARM = {
    arn: 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:Quarantine',
    name: 'Acme Quarantine',
    state: 'ALARM',
    description: 'Orders are <refused>.\nFirst: aws dynamodb scan\nThen: docs/runbook.md#quarantine',
    rule: 'Sum of OrdersQuarantined > 0',
  } as const;

  it('lists the firing alarms with what to do, and folds the others away', () => {
    const html = page([], { alarms: [{ ...ALARM, name: 'Calm one', state: 'OK' }, ALARM] });

    const loud = html.slice(html.indexOf('id="alarms"'), html.indexOf('<details>'));
    expect(loud).toContain('Acme Quarantine');
    expect(loud).toContain('Orders are &lt;refused&gt;.');
    expect(loud).toContain('First: aws dynamodb scan');
    expect(loud).not.toContain('Calm one');
    expect(html).toContain('<summary>1 are OK</summary>');
  });

  it('shows the alarms that a board names', () => {
    const widget = { ...PLACE, type: 'alarm', properties: { title: 'Now', alarms: [ALARM.arn] } };

    expect(page([widget], { alarms: [ALARM] })).toContain('<li class="state alarm">Acme Quarantine</li>');
  });

  it('says what was played when, what is different, and what was ignored', () => {
    const html = page([], { ignoredMetrics: ['Logs: The metric X is not a number'] });

    expect(html).toContain('<li><time>0:00</time><span>Calm &amp; quiet</span></li>');
    expect(html).toContain('<li>Tables put no metrics.</li>');
    expect(html).toContain('Malformed, and so ignored: Logs: The metric X is not a number');
  });

  it('loads nothing from elsewhere', () => {
    const html = page([graph([['Shop', 'Calls']])]);

    expect(html).not.toMatch(/https?:|src=|url\(|@import|<script|<link/u);
  });
});

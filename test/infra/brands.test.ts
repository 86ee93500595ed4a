import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { App } from 'aws-cdk-lib/core';
import type { CloudFormationStackArtifact } from 'aws-cdk-lib/cx-api';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

import { requireCompliance } from '../../infra/compliance/compliance.ts';
import { readStageConfig, StageConfigSchema } from '../../infra/config.ts';
import { brandName, MOST_BRANDS } from '../../infra/order-reporting-config.ts';
import { addStacks } from '../../infra/stage.ts';
import { resolve } from '../alarms/synthesized-alarms.ts';
import { UNCHECKED_APP } from '../../infra/unchecked-app.ts';
import { TINY_BUNDLES_FOLDER } from './tiny-bundles.ts';

const TemplateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
  Outputs: z.record(z.string(), z.object({ Export: z.unknown().optional() })).default({}),
  Parameters: z.record(z.string(), z.unknown()).default({}),
});
type Template = z.output<typeof TemplateSchema>;
type Board = { widgets: unknown[] };
type Brand = { id: string; retryMaxSeconds?: number; orderBy?: 'sequence' | 'time' };

/**
 * What is synthesized: `checked` as infra/app.ts does it, `whole` without the checks, `brands` only the
 * brands.
 */
type Extent = 'checked' | 'whole' | 'brands';

function createApp(brands: Brand[], extent: Extent): App {
  const config = StageConfigSchema.parse({
    stage: 'production',
    orderReporting: { brands },
    ...(extent === 'brands' ? { dashboards: false } : { transactions: {} }),
  });
  const { context } = JSON.parse(readFileSync('cdk.json', 'utf8')) as { context: Record<string, unknown> };
  const app = new App({
    analyticsReporting: false,
    outdir: mkdtempSync(join(tmpdir(), 'button-serverless-')),
    ...(extent === 'checked' ? { context } : { context, ...UNCHECKED_APP }),
  });
  addStacks(app, { config, bundlesFolder: TINY_BUNDLES_FOLDER });
  if (extent === 'checked') requireCompliance(app, config);
  return app;
}

function manyBrands(count: number): Brand[] {
  return Array.from({ length: count }, (_, index) => ({ id: `brand-with-a-very-long-name-${index + 1}` }));
}

/** The templates as text, by the names of their stacks. */
function templatesOf(app: App): Map<string, string> {
  const { stacks } = app.synth();
  return new Map(
    stacks.map(({ stackName, templateFullPath }) => [stackName, readFileSync(templateFullPath, 'utf8')]),
  );
}

describe('orders, requirement 16: a stage with a hundred brands', () => {
  let stacks: CloudFormationStackArtifact[];
  let templates: Template[];

  beforeAll(() => {
    ({ stacks } = createApp(manyBrands(100), 'whole').synth());
    templates = stacks.map(({ templateFullPath }) =>
      TemplateSchema.parse(JSON.parse(readFileSync(templateFullPath, 'utf8'))),
    );
  }, 300_000);

  it("passes every compliance check and CDK's own rules", { tags: ['long'] }, () => {
    const { directory } = createApp(manyBrands(100), 'checked').synth();

    const report: unknown = JSON.parse(readFileSync(join(directory, 'validation-report.json'), 'utf8'));

    expect(report).toMatchObject({ pluginReports: [] });
  });

  // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
  it('keeps every stack far below the limits of CloudFormation, and exports nothing', () => {
    expect(stacks).toHaveLength(104);
    for (const { Resources, Outputs, Parameters } of templates) {
      expect(Object.keys(Resources).length).toBeLessThanOrEqual(250);
      expect(Object.keys(Outputs).length).toBeLessThanOrEqual(100);
      expect(Object.keys(Parameters).length).toBeLessThanOrEqual(100);
      expect(Object.values(Outputs).flatMap(({ Export }) => Export ?? [])).toEqual([]);
    }
    for (const { templateFullPath } of stacks)
      expect(statSync(templateFullPath).size).toBeLessThanOrEqual(500_000);
  });

  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
  it('shows every brand on boards that CloudWatch accepts', () => {
    const bodies = templates
      .flatMap(({ Resources }) => Object.values(Resources))
      .filter(({ Type }) => Type === 'AWS::CloudWatch::Dashboard')
      .map(({ Properties }) => JSON.parse(String(resolve(Properties['DashboardBody']))) as Board);

    expect(bodies).toHaveLength(2);
    for (const { widgets } of bodies) {
      expect(widgets.length).toBeLessThanOrEqual(500);
      // Metrics are found by a search. Only alarms are named, because no search finds their states.
      const searching = widgets.filter((widget) => !JSON.stringify(widget).startsWith('{"type":"alarm"'));
      expect(searching.length).toBeLessThan(widgets.length);
      expect(JSON.stringify(searching)).not.toContain('brand-with');
    }
    expect(JSON.stringify(bodies[0])).toContain('OrdersReported');
  });

  it('deploys the tables before the brands that refer to them', () => {
    const tables = 'Button-production-OrderReporting';
    const brands = stacks.filter(({ stackName }) => stackName.includes('-Brand-'));

    expect(brands).toHaveLength(100);
    for (const { dependencies } of brands) expect(dependencies.map(({ id }) => id)).toContain(tables);
  });
});

describe('orders, requirement 16: a brand', () => {
  const aBrand = fc.record(
    {
      id: fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/),
      retryMaxSeconds: fc.integer({ min: 30, max: 86_400 }),
      orderBy: fc.constantFrom('sequence' as const, 'time' as const),
    },
    { requiredKeys: ['id'] },
  );
  const someBrands = fc.uniqueArray(aBrand, {
    minLength: 2,
    maxLength: 5,
    selector: ({ id }) => brandName(id),
  });

  it('keeps its stack, its names and its tables, whichever other brands come, go or change places', () => {
    const twoLists = someBrands.chain((brands) =>
      fc.record({
        before: fc.shuffledSubarray(brands, { minLength: 1 }),
        after: fc.shuffledSubarray(brands, { minLength: 1 }),
      }),
    );
    fc.assert(
      fc.property(twoLists, ({ before, after }) => {
        const [old, renewed] = [before, after].map((brands) => templatesOf(createApp(brands, 'brands')));
        const stayed = before.filter((brand) => after.includes(brand));

        for (const { id } of stayed) {
          const stackName = `Button-production-Brand-${id}`;
          expect(old?.get(stackName)).toBeDefined();
          expect(renewed?.get(stackName)).toBe(old?.get(stackName));
        }
        expect(tablesOf(renewed)).toEqual(tablesOf(old));
      }),
      { numRuns: 8 },
    );
  }, 300_000);

  function tablesOf(templates: Map<string, string> | undefined) {
    const shared = templates?.get('Button-production-OrderReporting') ?? '{}';
    return Object.entries(TemplateSchema.parse(JSON.parse(shared)).Resources).filter(
      ([, { Type }]) => Type === 'AWS::DynamoDB::Table',
    );
  }
});

describe('orders, requirement 16: the limit of brands', () => {
  it('refuses more with the limit and what to do, instead of a stack trace', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'button-serverless-')), 'many.json');
    const orderReporting = { brands: manyBrands(MOST_BRANDS + 1) };
    writeFileSync(file, JSON.stringify({ stage: 'production', orderReporting }));

    expect(readStageConfig(file)).toEqual({
      problem: [
        `The configuration ${file} can't be deployed:`,
        '  - orderReporting.brands: must be at most 150 brands: a board of CloudWatch finds no more of them; put the others into a configuration with another stage',
        'docs/configuration.md explains every setting.',
      ].join('\n'),
    });
  });

  /**
   * The default quotas of an account or a search, and the share that brands may use. The rest is for other
   * users of the account.
   */
  const QUOTAS = [
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    { type: 'AWS::IAM::Role', quota: 1000 },
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
    { type: 'AWS::Logs::QueryDefinition', quota: 1000 },
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
    { type: 'AWS::CloudWatch::Alarm', quota: 5000 },
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
    { type: 'AWS::Lambda::Function', quota: 500 },
    { type: 'AWS::SQS::Queue', quota: 500 },
    { type: 'AWS::Logs::LogGroup', quota: 500 },
  ];

  let byType: Map<string, { brandTable: number; ofAll: number }>;

  beforeAll(() => {
    const { stacks } = createApp([{ id: 'acme' }], 'whole').synth();
    byType = new Map(
      QUOTAS.map(({ type }) => {
        const countIn = (isAsked: (stackName: string) => boolean) =>
          stacks
            .filter(({ stackName }) => isAsked(stackName))
            .flatMap(({ template }) => Object.values(TemplateSchema.parse(template).Resources))
            .filter(({ Type }) => Type === type).length;
        return [
          type,
          {
            brandTable: countIn((stackName) => stackName.endsWith('-Brand-acme')),
            ofAll: countIn((stackName) => !stackName.endsWith('-Brand-acme')),
          },
        ];
      }),
    );
  }, 300_000);

  it.each(QUOTAS)('stays below $quota of $type, with some to spare', ({ type, quota }) => {
    const { brandTable, ofAll } = byType.get(type) ?? { brandTable: 0, ofAll: 0 };

    expect(brandTable).toBeGreaterThan(0);
    expect(MOST_BRANDS * brandTable + ofAll).toBeLessThanOrEqual(0.95 * quota);
  });
});

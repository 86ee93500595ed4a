import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { DEFAULT_CONFIG_FILE, retainsData, readStageConfig } from '../../infra/config.ts';

const folder = mkdtempSync(join(tmpdir(), 'button-serverless-'));

function problemOf(content: unknown): string {
  const file = join(folder, 'config.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  const reading = readStageConfig(file);
  return 'problem' in reading ? reading.problem : 'none';
}

const withBrand = (brand: object) => ({
  stage: 'development',
  orderReporting: { brands: [{ id: 'acme', ...brand }] },
});
const producers = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `arn:aws:iam::111122223333:role/shops/shop-${index}`);
const withReconciler = (reconciler: object) => ({ stage: 'development', transactions: { reconciler } });

describe('readStageConfig', () => {
  it('fills in every default', () => {
    const file = join(folder, 'defaults.json');
    writeFileSync(
      file,
      JSON.stringify({ stage: 'staging', orderReporting: { brands: [{ id: 'acme' }] }, transactions: {} }),
    );

    const reading = readStageConfig(file);

    expect(reading).toMatchObject({
      config: {
        buttonApiUrl: 'https://api.usebutton.com',
        dashboards: true,
        logRetentionDays: 30,
        orderReporting: { brands: [{ batchSize: 10, retrySweep: { schedule: 'rate(1 minute)' } }] },
        transactions: {
          shopperField: 'publisher_customer_id',
          includePersonalFields: true,
          rewardableCategories: ['new-user-order', 'existing-user-order'],
          reconciler: {
            readFrom: '2014-01-01T00:00:00Z',
            overlapSeconds: 900,
            lagSeconds: 120,
            timeoutSeconds: 120,
          },
        },
      },
    });
  });

  // The forms in https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
  // and https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rate-expressions.html.
  it.each([
    'cron(0 10 * * ? *)',
    'cron(0 18 ? * MON-FRI *)',
    'cron(0 8 1 * ? *)',
    'cron(1/10 * ? * MON-FRI *)',
    'cron(0/5 8-17 ? * MON-FRI *)',
    'cron(0,30 20-2 ? * MON-FRI *)',
    'cron(0 8 L * ? *)',
    'cron(0 8 3W * ? *)',
    'cron(0 8 ? JAN,FEB,MAR 3#2 2026-2030)',
    'cron(0 8 ? * 6L *)',
    'rate(1 minute)',
    'rate(5 minutes)',
    'rate(1 day)',
  ])('accepts a schedule in a form that AWS documents: %s', (schedule) => {
    const alarms = { reminderSchedule: schedule };

    expect(problemOf({ ...withBrand({ audit: { schedule } }), alarms })).toBe('none');
  });

  it.each(readdirSync('infra/config'))(
    'accepts the configuration that comes with the project: %s',
    (file) => {
      expect(readStageConfig(join('infra/config', file))).toHaveProperty('config');
    },
  );

  it('uses the same configuration by default as the command line of CDK', () => {
    const { context } = JSON.parse(readFileSync('cdk.json', 'utf8')) as { context: { config: string } };

    expect(context.config).toBe(DEFAULT_CONFIG_FILE);
  });

  it.each([
    [
      'a missing flow',
      { stage: 'development' },
      '(top level): must have orderReporting, transactions or both',
    ],
    [
      'a misspelt setting',
      withBrand({ orderby: 'time' }),
      'orderReporting.brands.0: Unrecognized key: "orderby"; did you mean "orderBy"?',
    ],
    [
      'settings that resemble no known one',
      { ...withBrand({}), colour: 'red' },
      '(top level): Unrecognized key: "colour"\n',
    ],
    [
      'two misspelt settings of a group',
      { stage: 'development', transactions: { throttle: { rate: 1, burst: 1, burstLimits: 2 } } },
      'did you mean "burstLimit"?',
    ],
    [
      'a secret end of the path that can be guessed',
      { stage: 'development', transactions: { webhookPath: { segments: ['short'] } } },
      'transactions.webhookPath.segments.0: must be 16 to 64 letters',
    ],
    [
      'a domain that is a URL',
      { stage: 'development', transactions: { webhookDomain: { name: 'https://hooks.example.com' } } },
      'transactions.webhookDomain.name: must be the name of a host',
    ],
    [
      'a certificate from elsewhere',
      {
        stage: 'development',
        transactions: { webhookDomain: { name: 'a.example.com', certificateArn: 'arn:aws:iam::1:x' } },
      },
      'webhookDomain.certificateArn: must be the ARN of a certificate in AWS Certificate Manager',
    ],
    [
      'a domain on one machine',
      {
        stage: 'local',
        transactions: {
          webhookDomain: {
            name: 'hooks.example.com',
            certificateArn: 'arn:aws:acm:eu-west-1:111122223333:certificate/abc',
          },
        },
      },
      'transactions.webhookDomain: must be left out: stage "local"',
    ],
    [
      'an invalid stage name',
      { ...withBrand({}), stage: 'My Stage' },
      'stage: must be 1 to 16 lower-case letters',
    ],
    [
      'an invalid brand name',
      withBrand({ id: 'Acme' }),
      'orderReporting.brands.0.id: must be 1 to 32 lower-case letters',
    ],
    [
      'no brand',
      { stage: 'development', orderReporting: { brands: [] } },
      'brands: must name at least one brand',
    ],
    [
      'two brands whose resources would share names',
      { stage: 'development', orderReporting: { brands: [{ id: 'a-1' }, { id: 'a1' }] } },
      'orderReporting.brands.1.id: gives its resources the same names as the brand "a-1"',
    ],
    [
      'too little concurrency (A13)',
      withBrand({ maxConcurrency: 1 }),
      'brands.0.maxConcurrency: must be at least 2',
    ],
    [
      'a message that is given up too soon',
      withReconciler({ maxReceiveCount: 2 }),
      'reconciler.maxReceiveCount: must be at least 3: a receive counts even if',
    ],
    ['too large a batch', withBrand({ batchSize: 11 }), 'brands.0.batchSize: must be at most 10'],
    [
      'waits that shrink',
      withBrand({ retryBaseSeconds: 60, retryMaxSeconds: 30 }),
      'retryMaxSeconds: must be at least',
    ],
    [
      'a reporter without time for one order',
      withBrand({ reporterTimeoutSeconds: 24 }),
      'must be at least 25',
    ],
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    ...['role/*', 'role/shop-?', 'user/a*', 'role/'].map((path): [string, object, string] => [
      `the producer ${path}`,
      withBrand({ producers: [`arn:aws:iam::111122223333:${path}`] }),
      'producers.0: must be the ARN',
    ]),
    [
      'more producers than the policy of a queue may name',
      withBrand({ producers: producers(20) }),
      'brands.0.producers: must be at most 19',
    ],
    ['anybody as a producer (S13)', withBrand({ producers: ['*'] }), 'producers.0: must be the ARN'],
    [
      'a sweep every few seconds on AWS',
      withBrand({ retrySweep: { schedule: 'rate(2 seconds)' } }),
      'brands.0.retrySweep.schedule: must be a minute or more',
    ],
    [
      'an audit every few seconds on AWS',
      withBrand({ audit: { schedule: 'rate(30 seconds)' } }),
      'brands.0.audit.schedule: must be a minute or more',
    ],
    // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
    ...['* * * * * *', '0 8 * * * *', '0 8 1 * MON *', '0 8 ? * ? *'].map(
      (cron): [string, object, string] => [
        `both days or none in cron(${cron})`,
        withBrand({ retrySweep: { schedule: `cron(${cron})` } }),
        'retrySweep.schedule: must have ? as day-of-month or as day-of-week',
      ],
    ),
    ...[
      ['60 8 * * ? *', 'minutes'],
      ['0 24 * * ? *', 'hours'],
      ['0 8 32 * ? *', 'day-of-month'],
      ['0 8 * 13 ? *', 'month'],
      ['0 8 ? * 8 *', 'day-of-week'],
      ['0 8 * * ? 1969', 'year'],
      ['a b * * ? *', 'minutes'],
      ['0/0 8 * * ? *', 'minutes'],
      ['1-2-3 8 * * ? *', 'minutes'],
    ].map(([cron, field]): [string, object, string] => [
      `cron(${cron})`,
      withBrand({ retrySweep: { schedule: `cron(${cron})` } }),
      `retrySweep.schedule: must have valid ${field}`,
    ]),
    // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rate-expressions.html
    ...['rate(1 days)', 'rate(5 hour)', 'rate(11 day)'].map((reminderSchedule): [string, object, string] => [
      `a reminder at ${reminderSchedule}`,
      { stage: 'development', transactions: {}, alarms: { reminderSchedule } },
      'alarms.reminderSchedule: must be such as rate(1 day)',
    ]),
    ['an invalid schedule', withBrand({ retrySweep: { schedule: 'hourly' } }), 'must be a schedule such as'],
    [
      'reads every few seconds on AWS',
      withReconciler({ schedules: [{ name: 'a', expression: 'rate(9 seconds)' }] }),
      'schedules.0.expression',
    ],
    [
      'an alarm between two sweeps',
      withBrand({ retrySweep: { schedule: 'rate(1 hour)' } }),
      'brands.0.retrySweep.silenceMinutes: must be more than 60, the pause between runs',
    ],
    [
      'an alarm between two reads',
      withReconciler({
        schedules: [
          { name: 'a', expression: 'rate(3 hours)' },
          { name: 'b', expression: 'rate(2 hours)' },
        ],
      }),
      'reconciler.silenceMinutes: must be more than 120',
    ],
    [
      'an alarm between reads that are a day apart',
      withReconciler({ schedules: [{ name: 'a', expression: 'rate(1 day)' }], silenceMinutes: 1440 }),
      'reconciler.silenceMinutes: must be more than 1440',
    ],
    ['no schedule', withReconciler({ schedules: [] }), 'schedules: must hold at least one schedule'],
    [
      'two schedules with one name',
      withReconciler({
        schedules: [
          { name: 'a', expression: 'rate(1 hour)' },
          { name: 'a', expression: 'rate(2 hours)' },
        ],
      }),
      'schedules: must give each schedule a name of its own',
    ],
    [
      'an unknown time zone',
      withReconciler({ schedules: [{ name: 'a', expression: 'rate(1 hour)', timeZone: 'Atlantis' }] }),
      'schedules.0.timeZone: must be an IANA time zone',
    ],
    [
      'personal data that expires while a reward is expected',
      { transactions: { personalDataDays: 119, finalizationDays: 100, overdueGraceDays: 20 } },
      'transactions.personalDataDays: must be at least 120, which is finalizationDays and overdueGraceDays',
    ],
    [
      'too short a visibility timeout (A11)',
      withReconciler({ visibilityTimeoutSeconds: 719 }),
      'must be at least 720, six times',
    ],
    [
      'slices longer than the function',
      withReconciler({ sliceSeconds: 110 }),
      'timeoutSeconds: must be at least 135',
    ],
    [
      'a key sent without TLS',
      { ...withBrand({}), buttonApiUrl: 'http://api.usebutton.com' },
      'buttonApiUrl: must begin with https',
    ],
    [
      'a retention that CloudWatch lacks',
      { ...withBrand({}), logRetentionDays: 2 },
      'logRetentionDays: must be a period',
    ],
    ['invalid JSON', '{', "can't be read"],
  ])('explains %s', (_mistake, content, explanation) => {
    expect(problemOf(content)).toContain(explanation);
  });

  it('reads JSON with comments, and points at a mistake in it', () => {
    const commented =
      '// for production\n{\n  "stage": "development", /* "x" */\n  "transactions": {}, // all defaults\n}';

    expect(problemOf(commented)).toBe('none');
    expect(problemOf(commented.replace(',', ''))).toContain('line 4, column 3: comma expected');
  });

  it('names the file and where settings are explained', () => {
    const problem = problemOf({ stage: 'development' });

    expect(problem).toContain('config.json');
    expect(problem).toContain('docs/configuration.md');
  });

  it('explains what to do about a missing file', () => {
    expect(readStageConfig('nowhere.json')).toEqual({
      problem: expect.stringContaining('-c config=FILE') as string,
    });
  });

  it('lets the local stage use intervals of seconds and work without TLS', () => {
    const local = {
      ...withBrand({ retrySweep: { schedule: 'rate(2 seconds)' } }),
      stage: 'local',
      buttonApiUrl: 'http://127.0.0.1:8080',
    };

    expect(problemOf(local)).toBe('none');
  });
});

describe('AWS, requirement 10: retainsData', () => {
  it('is true of every stage but development and local, unless keepData says otherwise', () => {
    const stages = ['production', 'prod', 'staging', 'development', 'local'];

    expect(stages.map((stage) => retainsData({ stage }))).toEqual([true, true, true, false, false]);
    expect(stages.map((stage) => retainsData({ stage, keepData: false }))).not.toContain(true);
    expect(stages.map((stage) => retainsData({ stage, keepData: true }))).not.toContain(false);
  });
});

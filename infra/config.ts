import { readFileSync } from 'node:fs';

import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { closestMatch } from 'leven';
import * as z from 'zod';

import { AlarmsConfigSchema } from './alarms-config.ts';
import { parseCommentedJson } from './commented-json.ts';
import { ExistingTablesSchema, existingTableProblems } from './existing-tables.ts';
import { OrderReportingConfigSchema } from './order-reporting-config.ts';
import { minutesOfRate, runsBySeconds } from './schedule-expression.ts';
import { TransactionsConfigSchema } from './transactions-config.ts';

/** The configuration that is deployed unless another is named. `cdk.json` names the same. */
export const DEFAULT_CONFIG_FILE = 'infra/config/development.json';

/** All settings of one stage. docs/configuration.md lists them, and a test keeps the two the same. */
export const StageConfigSchema = z
  .strictObject({
    // CloudFormation keeps 24 characters of a stack's name in a function's name. They must include the stage,
    // so that the boards find the function.
    stage: z
      .string()
      .regex(
        /^[a-z][a-z0-9-]{0,15}$/,
        'must be 1 to 16 lower-case letters, digits and hyphens, a letter first',
      )
      .describe('Names the stacks. `local` is for one machine.')
      .meta({ examples: ['production'] }),
    account: z
      .string()
      .regex(/^\d{12}$/, 'must be the 12 digits of an AWS account')
      .meta({ examples: ['111122223333'] })
      .optional()
      .describe(
        'The only AWS account that the stage can be deployed to. Unless set, the account of the credentials.',
      ),
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be an AWS region such as eu-west-1')
      .meta({ examples: ['eu-west-1'] })
      .optional()
      .describe(
        'The only region that the stage can be deployed to. Unless set, the region of the credentials.',
      ),
    keepData: z
      .boolean()
      .meta({ examples: [true] })
      .optional()
      .describe(
        'Whether data outlives a deleted stack, can be restored to a point in time and is protected from deletion. Unless set, every stage except `development` and `local` keeps its data.',
      ),
    existingTables: ExistingTablesSchema.prefault({}).describe(
      'Tables that already exist, such as restored tables or those of a deleted stack. The stacks use them instead of creating their own. docs/restore.md says what they must have.',
    ),
    buttonApiUrl: z
      .url()
      .default('https://api.usebutton.com')
      .describe(
        "The base URL of Button's APIs. API keys are sent there, so only `local` may use plain HTTP.",
      ),
    orderReporting: OrderReportingConfigSchema.optional().describe(
      'Reports the orders of brands. Not deployed unless set.',
    ),
    transactions: TransactionsConfigSchema.optional().describe(
      'Takes in the transactions of a publisher. Not deployed unless set.',
    ),
    dashboards: z.boolean().default(true).describe('Whether the stack of dashboards is deployed.'),
    logRetentionDays: z
      .enum(RetentionDays, 'must be a period that CloudWatch Logs knows, such as 7, 14, 30, 90, 180 or 365')
      .default(RetentionDays.ONE_MONTH)
      .describe(
        'How long logs are kept, in days: one of the periods that CloudWatch Logs offers; 9999 keeps them forever.',
      ),
    tracing: z.boolean().default(true).describe('Whether functions send traces to AWS X-Ray.'),
    alarms: AlarmsConfigSchema.prefault({}).describe('Who is notified of alarms, and when.'),
  })
  .check(({ value: config, issues }) => {
    if (!config.orderReporting && !config.transactions) {
      issues.push({
        code: 'custom',
        input: config.stage,
        path: [],
        message: 'must have orderReporting, transactions or both',
      });
    }
    const flows = new Set([
      ...(config.orderReporting ? ['orderReporting'] : []),
      ...(config.transactions ? ['transactions'] : []),
    ]);
    for (const { table, message } of existingTableProblems({
      ...config,
      flows,
      isRetained: retainsData(config),
    })) {
      issues.push({
        code: 'custom',
        input: config.existingTables[table],
        path: ['existingTables', table],
        message,
      });
    }
    if (config.stage === 'local') {
      if (!config.transactions?.webhookDomain) return;
      issues.push({
        code: 'custom',
        input: config.transactions.webhookDomain,
        path: ['transactions', 'webhookDomain'],
        message: 'must be left out: stage "local" answers at an address of this machine and has no domain',
      });
      return;
    }
    if (!config.buttonApiUrl.startsWith('https:')) {
      issues.push({
        code: 'custom',
        input: config.buttonApiUrl,
        path: ['buttonApiUrl'],
        message: 'must begin with https: the API key is sent there; plain http is for stage "local"',
      });
    }
    for (const { path, expression } of schedules(config)) {
      if (!runsBySeconds(expression)) continue;
      issues.push({
        code: 'custom',
        input: expression,
        path,
        message:
          'must be a minute or more: EventBridge Scheduler has no unit of seconds; it is for stage "local" only',
      });
    }
    for (const { path, silenceMinutes, pauseMinutes } of silences(config)) {
      if (silenceMinutes > pauseMinutes) continue;
      issues.push({
        code: 'custom',
        input: silenceMinutes,
        path,
        message: `must be more than ${pauseMinutes}, the pause between runs, or the alarm would go off between two of them`,
      });
    }
  });

/** The validated configuration of one stage, every default filled in. */
export type StageConfig = z.output<typeof StageConfigSchema>;

/**
 * The result of reading a configuration. The problem names the file, every wrong setting and what its value
 * should be.
 */
export type StageConfigResult = { config: StageConfig } | { problem: string };

/**
 * Reads and validates a stage's configuration: JSON, with comments. `file` is relative to the working
 * directory.
 */
export function readStageConfig(file: string): StageConfigResult {
  const json = readJson(file);
  if ('problem' in json) return json;
  const result = StageConfigSchema.safeParse(json.content);
  if (result.success) return { config: result.data };
  const faults = result.error.issues.map(
    (issue) => `  - ${issue.path.join('.') || '(top level)'}: ${issue.message}${suggestion(issue)}`,
  );
  const lines = [
    `The configuration ${file} can't be deployed:`,
    ...faults,
    'docs/configuration.md explains every setting.',
  ];
  return { problem: lines.join('\n') };
}

/** Whether the stage's data outlives a deleted stack and can be restored to a point in time. */
export function retainsData({ stage, keepData }: Pick<StageConfig, 'stage' | 'keepData'>): boolean {
  return keepData ?? !['development', 'local'].includes(stage);
}

function readJson(file: string): { content: unknown } | { problem: string } {
  try {
    return { content: parseCommentedJson(readFileSync(file, 'utf8')) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      problem: `The configuration ${file} can't be read: ${reason}\nFix it, or name another with "-c config=FILE", from the project's root.`,
    };
  }
}

/** The setting that was probably meant, for an unknown one. */
function suggestion(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'unrecognized_keys') return '';
  const known = settingsAt(issue.path);
  const meant = issue.keys.flatMap((key) => closestMatch(key, known, { maxDistance: 4 }) ?? []);
  return meant.length === 0 ? '' : `; did you mean ${meant.map((name) => `"${name}"`).join(', ')}?`;
}

/** Names of the settings that a group may have. */
function settingsAt(path: readonly PropertyKey[]): string[] {
  let schema: z.core.JSONSchema._JSONSchema | undefined = z.toJSONSchema(StageConfigSchema, { io: 'input' });
  for (const step of path) {
    if (typeof schema !== 'object') return [];
    const { items, properties }: z.core.JSONSchema.BaseSchema = schema;
    schema =
      typeof step === 'number' ? (Array.isArray(items) ? undefined : items) : properties?.[String(step)];
  }
  return typeof schema === 'object' ? Object.keys(schema.properties ?? {}) : [];
}

type ScheduleSetting = { path: PropertyKey[]; expression: string };

function schedules({
  orderReporting,
  transactions,
}: Pick<StageConfig, 'orderReporting' | 'transactions'>): ScheduleSetting[] {
  const ofBrands = (orderReporting?.brands ?? []).flatMap(({ retrySweep, audit }, index) => {
    const path = ['orderReporting', 'brands', index];
    return [
      { path: [...path, 'retrySweep', 'schedule'], expression: retrySweep.schedule },
      ...(audit ? [{ path: [...path, 'audit', 'schedule'], expression: audit.schedule }] : []),
    ];
  });
  const reads = (transactions?.reconciler.schedules ?? []).map(({ expression }, index) => ({
    path: ['transactions', 'reconciler', 'schedules', index, 'expression'],
    expression,
  }));
  const wider = (['dailySweep', 'weeklySweep'] as const).flatMap((sweep) =>
    transactions
      ? [
          {
            path: ['transactions', 'reconciler', sweep, 'expression'],
            expression: transactions.reconciler[sweep].expression,
          },
        ]
      : [],
  );
  return [...ofBrands, ...reads, ...wider];
}

type SilenceSetting = { path: PropertyKey[]; silenceMinutes: number; pauseMinutes: number };

/**
 * How long each scheduled function may be silent, and the interval between its runs, if the schedule is a
 * rate.
 */
function silences({
  orderReporting,
  transactions,
}: Pick<StageConfig, 'orderReporting' | 'transactions'>): SilenceSetting[] {
  const sweeps = (orderReporting?.brands ?? []).map(({ retrySweep }, index) => ({
    path: ['orderReporting', 'brands', index, 'retrySweep', 'silenceMinutes'],
    silenceMinutes: retrySweep.silenceMinutes,
    pauseMinutes: minutesOfRate(retrySweep.schedule) ?? 0,
  }));
  if (!transactions) return sweeps;
  const { schedules: reads, silenceMinutes } = transactions.reconciler;
  const pauses = reads.map(({ expression }) => minutesOfRate(expression) ?? 0);
  return [
    ...sweeps,
    {
      path: ['transactions', 'reconciler', 'silenceMinutes'],
      silenceMinutes,
      pauseMinutes: Math.min(...pauses),
    },
  ];
}

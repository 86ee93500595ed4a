import { describe, expect, it } from 'vitest';

import { StageConfigSchema } from '../../../infra/config.ts';
import { BRAND_STAGE, DEVELOPMENT_STAGE, synthesizeStage } from '../synthesized-stage.ts';

/** The audits among the functions of a stage. */
const auditsOf = (stage: ReturnType<typeof synthesizeStage>) =>
  stage
    .resources('AWS::Lambda::Function')
    .filter(({ Properties }) => 'AUDIT_SAMPLE' in variablesOf(Properties));

function variablesOf(properties: Record<string, unknown>): Record<string, unknown> {
  const { Variables = {} } = (properties['Environment'] ?? {}) as { Variables?: Record<string, unknown> };
  return Variables;
}

describe('orders, requirement 17: the scheduled audit', () => {
  it('is off by default: a brand that does not ask for it has neither function nor schedule', () => {
    const stage = synthesizeStage(BRAND_STAGE);

    expect(auditsOf(stage)).toEqual([]);
    expect(stage.resources('AWS::Scheduler::Schedule')).toHaveLength(2);
  });

  it('runs once a day if a brand asks for it, and reads a sample at a bounded rate', () => {
    const stage = synthesizeStage(DEVELOPMENT_STAGE);

    const [audit, ...others] = auditsOf(stage);
    const expressions = stage
      .resources('AWS::Scheduler::Schedule')
      .map(({ Properties }) => Properties['ScheduleExpression']);

    expect(others).toEqual([]);
    expect(variablesOf(audit?.Properties ?? {})).toMatchObject({
      AUDIT_DAYS: '7',
      AUDIT_SAMPLE: '200',
      AUDIT_PER_SECOND: '2',
    });
    expect(expressions).toContain('cron(0 4 * * ? *)');
  });

  it('is not repeated when it fails, because the next day reads a sample too', () => {
    const stage = synthesizeStage(DEVELOPMENT_STAGE);
    const [audit] = auditsOf(stage);
    const retries = stage
      .resources('AWS::Lambda::EventInvokeConfig')
      .filter(({ Properties }) => JSON.stringify(Properties).includes(`"${audit?.logicalId}"`))
      .map(({ Properties }) => Properties['MaximumRetryAttempts']);

    expect(retries).toEqual([0]);
  });

  it('can read every order of a day, up to 80,000 of them at 100 a second', () => {
    const audit = { days: 1, sample: 80_000, perSecond: 100 };
    const orderReporting = { brands: [{ id: 'acme', audit }] };

    expect(StageConfigSchema.safeParse({ stage: 'development', orderReporting }).success).toBe(true);
  });

  it('refuses a sample that is too large for a run, and names the largest one that is not', () => {
    const brand = { id: 'acme', audit: { sample: 9000, perSecond: 10 } };
    const config = StageConfigSchema.safeParse({ stage: 'development', orderReporting: { brands: [brand] } });

    expect(config.error?.issues).toMatchObject([
      {
        path: ['orderReporting', 'brands', 0, 'audit', 'sample'],
        message: expect.stringContaining('8000') as string,
      },
    ]);
  });
});

import { describe, expect, it } from 'vitest';

import { readAlarm } from '../../local-aws/cloudwatch/alarm-definition.ts';
import { createMetricStore } from '../../local-aws/cloudwatch/metric-store.ts';
import { resolveValue, type Scope } from '../../local-aws/template/intrinsics.ts';
import { readDashboard } from '../dashboard-body.ts';
import { drawWidget } from '../widget-html.ts';
import { DEVELOPMENT_STAGE, synthesizeStage } from '../../../test/infra/synthesized-stage.ts';

/** Resolves every reference to its own name. */
const NAMES: Scope = {
  ref: (name) => name,
  importValue: (name) => `imported ${name}`,
  getAtt: (logicalId, attribute) => `${logicalId}.${attribute}`,
  condition: () => true,
  localise: (text) => text,
};

describe('the templates', () => {
  const stage = synthesizeStage(DEVELOPMENT_STAGE);

  it('have boards whose widgets can all be drawn', () => {
    const run = {
      store: createMetricStore(),
      span: { fromMs: 0, untilMs: 60_000 },
      localPeriodMs: (periodMs: number) => periodMs / 100,
      nameOf: (name: string) => name,
    };
    const bodies = stage
      .resources('AWS::CloudWatch::Dashboard')
      .map(({ Properties }) => String(resolveValue(Properties['DashboardBody'], NAMES)));

    const drawn = bodies.flatMap((body) =>
      readDashboard(body).map((widget) => drawWidget(widget, { run, phases: [], alarms: [] })),
    );

    expect(bodies.length).toBeGreaterThanOrEqual(2);
    expect(drawn.filter(({ html }) => html.includes('No data in this run')).length).toBeGreaterThan(20);
  });

  it('have boards that show the state of every alarm', () => {
    const shown = stage
      .resources('AWS::CloudWatch::Alarm')
      .map(({ Properties }) => String(Properties['AlarmName']))
      .map((name, index) => ({
        name,
        arn: `arn:AWS::Partition:cloudwatch:AWS::Region:AWS::AccountId:alarm:${name}`,
        state: index % 2 === 0 ? ('ALARM' as const) : ('OK' as const),
        description: '',
        rule: '',
      }));
    const run = {
      store: createMetricStore(),
      span: { fromMs: 0, untilMs: 60_000 },
      localPeriodMs: (periodMs: number) => periodMs,
      nameOf: (name: string) => name,
    };

    const boards = stage
      .resources('AWS::CloudWatch::Dashboard')
      .map(({ Properties }) => readDashboard(String(resolveValue(Properties['DashboardBody'], NAMES))))
      .map((widgets) =>
        widgets
          .filter(({ kind }) => kind === 'alarms')
          .map((widget) => drawWidget(widget, { run, phases: [], alarms: shown })),
      );

    for (const widgets of boards) expect(widgets.length).toBeGreaterThan(0);
    for (const { withoutData } of boards.flat()) expect(withoutData).toEqual([]);
    const page = boards
      .flat()
      .map(({ html }) => html)
      .join('');
    for (const { name, state } of shown)
      expect(page).toContain(`<li class="state ${state.toLowerCase()}">${name}</li>`);
  });

  it('have alarms that can all be evaluated', () => {
    const alarms = stage
      .resources('AWS::CloudWatch::Alarm')
      .map(({ Properties }) => resolveValue(Properties, NAMES) as Record<string, unknown>);

    expect(alarms.length).toBeGreaterThan(10);
    for (const properties of alarms) expect(readAlarm(properties).queries).not.toEqual([]);
  });
});

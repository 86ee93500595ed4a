import { describe, expect, it } from 'vitest';

import { sampleScope } from '../../../tooling/local-aws/registry/sample-values.ts';
import { resolveValue } from '../../../tooling/local-aws/template/intrinsics.ts';
import { parseTemplate } from '../../../tooling/local-aws/template/template.ts';
import { BRAND_STAGE, DEVELOPMENT_STAGE, PUBLISHER_STAGE, synthesizeStage } from '../synthesized-stage.ts';

const boardsOf = (stage: ReturnType<typeof synthesizeStage>) =>
  stage
    .resources('AWS::CloudWatch::Dashboard')
    .map(({ Properties }) => JSON.stringify(Properties['DashboardBody']));

describe('DashboardsStack', () => {
  it('holds a business and a technical board, and nothing else', () => {
    const stage = synthesizeStage(DEVELOPMENT_STAGE);

    expect(boardsOf(stage)).toHaveLength(2);
    expect(stage.resources('AWS::Lambda::Function', 'Dashboards')).toEqual([]);
  });

  it('shows a flow only if it is deployed', () => {
    const [brandBoards] = boardsOf(synthesizeStage(BRAND_STAGE));
    const [ofPublisher] = boardsOf(synthesizeStage(PUBLISHER_STAGE));

    expect(brandBoards).toContain('OrdersReported');
    expect(brandBoards).not.toContain('WebhooksApplied');
    expect(ofPublisher).toContain('WebhooksApplied');
    expect(ofPublisher).not.toContain('OrdersReported');
  });

  it('shows the states of the alarms by name: on the business board those that page, on the technical board all', () => {
    const stage = synthesizeStage(DEVELOPMENT_STAGE);
    const alarms = stage.resources('AWS::CloudWatch::Alarm').map(({ Properties }) => ({
      name: String(Properties['AlarmName']),
      isPage: JSON.stringify(Properties['AlarmActions']).includes('-page'),
    }));
    const [business = '', technical = ''] = boardsOf(stage);
    const shownOn = (board: string) =>
      alarms.filter(({ name }) => board.includes(`:alarm:${name}\\"`)).map(({ name }) => name);

    expect(shownOn(business)).toEqual(alarms.filter(({ isPage }) => isPage).map(({ name }) => name));
    expect(shownOn(technical)).toEqual(alarms.map(({ name }) => name));
    expect(shownOn(business).length).toBeGreaterThan(10);
  });

  it('puts no more than a hundred alarms into a widget, as CloudWatch requires', { tags: ['long'] }, () => {
    const brands = Array.from({ length: 40 }, (_, index) => ({ id: `brand-${index}` }));
    const stage = synthesizeStage({ stage: 'development', orderReporting: { brands } });
    const widgets = boardsOf(stage).flatMap((body) => body.split('\\"type\\":').slice(1));
    const counts = widgets
      .filter((widget) => widget.startsWith('\\"alarm\\"'))
      .map((widget) => widget.split(':alarm:').length - 1);
    const alarms = stage.resources('AWS::CloudWatch::Alarm').length;

    expect(alarms).toBeGreaterThan(200);
    expect(Math.max(...counts)).toBe(100);
    // The technical board shows all of them, the business board those that page.
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(alarms);
  });

  it("finds AWS's own metrics by the stage's name, without referring to another stack", () => {
    const [, technical] = boardsOf(synthesizeStage({ ...BRAND_STAGE, stage: 'pre-live' }));

    expect(technical).toContain('Button pre live');
    expect(technical).not.toContain('Fn::ImportValue');
  });

  // https://docs.aws.amazon.com/general/latest/gr/mgmt-console.html
  it.each([
    ['eu-west-1', 'https://eu-west-1.console.aws.amazon.com/'],
    ['us-gov-west-1', 'https://us-gov-west-1.console.amazonaws-us-gov.com/'],
    ['cn-north-1', 'https://cn-north-1.console.amazonaws.cn/'],
  ])('names the boards in the console of the partition: %s', (region, host) => {
    for (const config of [BRAND_STAGE, { ...BRAND_STAGE, region }]) {
      const [stackName = '', text = ''] =
        [...synthesizeStage(config).templates].find(([name]) => name.endsWith('Dashboards')) ?? [];
      const template = parseTemplate(stackName, JSON.parse(text));
      const scope = sampleScope(template, { stackName, region, accountId: '111122223333' });
      const urls = Object.values(template.Outputs).map(({ Value: value }) =>
        String(resolveValue(value, scope)),
      );

      expect(urls).toHaveLength(2);
      for (const url of urls) expect(url.startsWith(`${host}cloudwatch/home?region=${region}#`)).toBe(true);
    }
  });
});

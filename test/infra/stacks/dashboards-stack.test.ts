import { describe, expect, it } from 'vitest';

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

  it('puts no more than a hundred alarms into a widget, as CloudWatch requires', () => {
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
});

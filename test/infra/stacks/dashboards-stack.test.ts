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

  it('shows each flow only where it is deployed', () => {
    const [brandBoards] = boardsOf(synthesizeStage(BRAND_STAGE));
    const [ofPublisher] = boardsOf(synthesizeStage(PUBLISHER_STAGE));

    expect(brandBoards).toContain('OrdersReported');
    expect(brandBoards).not.toContain('WebhooksApplied');
    expect(ofPublisher).toContain('WebhooksApplied');
    expect(ofPublisher).not.toContain('OrdersReported');
  });

  it("finds AWS's own metrics by the stage's name, without referring to another stack", () => {
    const [, technical] = boardsOf(synthesizeStage({ ...BRAND_STAGE, stage: 'pre-live' }));

    expect(technical).toContain('Button pre live');
    expect(technical).not.toContain('Fn::ImportValue');
  });
});

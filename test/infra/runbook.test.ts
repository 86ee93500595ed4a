import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { DEVELOPMENT_STAGE, synthesizeStage } from './synthesized-stage.ts';

const page = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');

describe('the runbook', () => {
  it('names every saved query, and no other', () => {
    const saved = synthesizeStage(DEVELOPMENT_STAGE)
      .resources('AWS::Logs::QueryDefinition')
      .map(({ Properties }) => String(Properties['Name']))
      .map((name) => name.replace('Button/development/', '').replace('Orders of acme', 'Orders of <brand>'));

    const named = [
      ...page.matchAll(/`((?:Orders(?: of <brand>)?|Transactions|Webhooks|Reconciliation|Events)\/[^`]+)`/g),
    ].map(([, name = '']) => name);

    expect([...new Set(named)].sort()).toEqual(saved.sort());
  });

  it('has the section that each alarm names, and no section that no alarm names', () => {
    const sections = [...page.matchAll(/^## (.+)$/gm)].map(([, title = '']) =>
      title.toLowerCase().replaceAll(' ', '-'),
    );

    const { templateText } = synthesizeStage(DEVELOPMENT_STAGE);
    const named = [...templateText.matchAll(/docs\/runbook\.md#([a-z0-9-]+)/g)].map(
      ([, section = '']) => section,
    );

    expect([...new Set(named)].sort()).toEqual(sections.sort());
  });
});

import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { synthesizeStage } from './synthesized-stage.ts';

describe('the runbook', () => {
  it('has the section that each alarm names, and no section that no alarm names', () => {
    const page = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
    const sections = [...page.matchAll(/^## (.+)$/gm)].map(([, title = '']) =>
      title.toLowerCase().replaceAll(' ', '-'),
    );

    const { templateText } = synthesizeStage({
      stage: 'development',
      orderReporting: { brands: [{ id: 'acme' }] },
      transactions: {},
    });
    const named = [...templateText.matchAll(/docs\/runbook\.md#([a-z0-9-]+)/g)].map(
      ([, section = '']) => section,
    );

    expect([...new Set(named)].sort()).toEqual(sections.sort());
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { testTitles } from './test-titles.ts';

const ROOT = join(import.meta.dirname, '..');
const page = readFileSync(join(ROOT, 'docs/requirements.md'), 'utf8');

/** The numbers of each section "What holds for …", as "orders, requirement 6". */
const written = page.split(/^## What holds for /m).flatMap((section, index) => {
  const subject = /^\w+/.exec(section)?.[0] ?? '';
  const numbers = index === 0 ? [] : section.matchAll(/^(\d+)\. \*\*/gm);
  return [...numbers].map(([, number]) => `${subject}, requirement ${number ?? ''}`);
});
const tested = testTitles().flatMap((title) => /^(\w+, requirement \d+): \S/.exec(title)?.[1] ?? []);

describe('docs/requirements.md', () => {
  it('has each number once, in order, from 1 to 18 for orders', () => {
    const ofOrders = written.filter((name) => name.startsWith('orders,'));

    expect(ofOrders).toEqual(Array.from({ length: 18 }, (_, index) => `orders, requirement ${index + 1}`));
    expect(new Set(written).size).toBe(written.length);
  });

  it('has a test for each number, whose title begins with it', () => {
    expect(written.filter((name) => !tested.includes(name))).toEqual([]);
  });

  it('has every number that the title of a test begins with', () => {
    expect(tested.filter((name) => !written.includes(name))).toEqual([]);
  });

  it('is what CONTRIBUTING and architecture refer to', () => {
    for (const [file, link] of [
      ['CONTRIBUTING.md', 'docs/requirements.md'],
      ['docs/architecture.md', 'requirements.md'],
    ] as const)
      expect(readFileSync(join(ROOT, file), 'utf8')).toContain(`](${link})`);
  });
});

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import * as shops from '../../../../shared/validation/shops/index.ts';
import { readPayload } from './shop-payloads.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const PAGE = readFileSync(join(ROOT, 'docs/shops.md'), 'utf8');

describe('docs/shops.md', () => {
  it('has a row for every mapper, and names no other', () => {
    const mappers = Object.keys(shops).filter((name) => name.startsWith('from'));
    const named = Array.from(PAGE.matchAll(/`(from\w+)`/g), ([, name]) => name);

    expect(new Set(named)).toEqual(new Set(mappers));
  });

  it('lists every reason with its problem', () => {
    const rows = PAGE.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
    const listed = rows.filter(([, cell]) => /^`[a-z_]+`$/.test(cell ?? '') && !/from/.test(cell ?? ''));

    expect(listed.map(([, code, problem]) => [code, problem])).toEqual(
      Object.entries(shops.SHOP_REASONS).map(([code, { problem }]) => [`\`${code}\``, problem]),
    );
  });

  it('has a snippet that runs', { tags: ['long'] }, () => {
    const [, snippet = ''] = /```js\n(.*?)```/s.exec(PAGE) ?? [];
    const folder = mkdtempSync(join(ROOT, 'node_modules/.shops-page-'));
    const webhook = { body: JSON.stringify(readPayload('shopify')), headers: {} };
    const use = `
      const sender = { sendOrderEvents: async ([event]) => [{ outcome: 'sent', total: event.order.total }] };
      console.log(JSON.stringify(await onShopifyWebhook(sender, ${JSON.stringify(webhook)})));`;
    writeFileSync(join(folder, 'snippet.mjs'), snippet + use);

    const output = execFileSync(process.execPath, [join(folder, 'snippet.mjs')], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });

    expect(JSON.parse(output)).toEqual({ outcome: 'sent', total: 5468 });
  });
});

import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { formatText } from '../../tooling/format-text.ts';
import { parseCommentedJson } from '../../infra/commented-json.ts';
import { StageConfigSchema } from '../../infra/config.ts';
import { exampleConfig } from './config-example.ts';

const FILE = 'infra/config/production.example.jsonc';

describe('the commented example of a configuration', () => {
  // After a change of the schema: npx vitest run test/infra/config-example.test.ts --update
  it('shows every setting as in the schema', async () => {
    const text = await formatText(FILE, exampleConfig());

    await expect(text).toMatchFileSnapshot(`../../${FILE}`);
  });

  it('can be deployed unchanged, and says the same as the defaults', () => {
    const example = StageConfigSchema.parse(parseCommentedJson(readFileSync(FILE, 'utf8')));

    expect(example).toEqual(
      StageConfigSchema.parse({
        stage: 'production',
        orderReporting: { brands: [{ id: 'acme' }] },
        transactions: {},
      }),
    );
  });

  it('can be deployed with everything commented out, too', () => {
    const withoutMarks = (text: string) => text.replaceAll(/^( *)\/\/ (?= *(["\]}]|\/\/))/gm, '$1');
    const uncommented = withoutMarks(withoutMarks(readFileSync(FILE, 'utf8')));

    const everything = StageConfigSchema.parse(parseCommentedJson(uncommented));

    expect(everything).toMatchObject({
      alarms: { page: { email: 'on-call@example.com' } },
      orderReporting: {
        verifyBefore: '2026-06-01T12:00:00Z',
        brands: [{ producers: ['arn:aws:iam::111122223333:role/shop'] }],
      },
      transactions: { eventArchiveDays: 30, webhookDomain: { hostedZoneId: 'Z0123456789ABCDEFGHIJ' } },
    });
  });
});

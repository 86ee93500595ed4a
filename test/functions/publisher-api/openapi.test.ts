import { readFileSync, writeFileSync } from 'node:fs';

import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, it } from 'vitest';

import { formatText } from '../../../tooling/format-text.ts';
import { buildOpenApi } from '../../../functions/publisher-api/openapi.ts';

const FILE = new URL('../../../docs/schemas/publisher-api.openapi.json', import.meta.url);

it('the publisher API is documented in docs/schemas as OpenAPI 3.1, as the code defines it (UPDATE_SCHEMAS=1 writes it)', async () => {
  const written = await formatText('openapi.json', JSON.stringify(buildOpenApi()));
  if (process.env['UPDATE_SCHEMAS'] === '1') writeFileSync(FILE, written);

  expect(readFileSync(FILE, 'utf8')).toBe(written);
  const validator = new Validator();
  expect(await validator.validate(written)).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
});

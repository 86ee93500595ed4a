import { spawnSync } from 'node:child_process';

import { expect, it } from 'vitest';

it('explains a wrong configuration without a stack trace, and fails', () => {
  const env = { PATH: process.env['PATH'], CDK_CONTEXT_JSON: JSON.stringify({ config: 'nowhere.json' }) };

  const { status, stderr, stdout } = spawnSync(process.execPath, ['infra/app.ts'], { env, encoding: 'utf8' });

  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^The configuration nowhere\.json can't be read: .+\n.+-c config=FILE.+\n$/);
});

import { spawnSync } from 'node:child_process';

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

/** What a shell has, and where Node.js keeps what it has compiled. */
const ENVIRONMENT = {
  PATH: process.env['PATH'],
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
};

it('explains a wrong configuration without a stack trace, and fails', () => {
  const env = { ...ENVIRONMENT, CDK_CONTEXT_JSON: JSON.stringify({ config: 'nowhere.json' }) };

  const { status, stderr, stdout } = spawnSync(process.execPath, ['infra/app.ts'], { env, encoding: 'utf8' });

  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^The configuration nowhere\.json can't be read: .+\n.+-c config=FILE.+\n$/);
});

it('stops before synthesis if an ARN is of another region than the stage', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'button-serverless-')), 'config.json');
  const alarms = { page: { topicArn: 'arn:aws:sns:us-east-1:111122223333:on-call' } };
  writeFileSync(file, JSON.stringify({ stage: 'production', transactions: {}, alarms }));
  const env = {
    ...ENVIRONMENT,
    CDK_CONTEXT_JSON: JSON.stringify({ config: file }),
    CDK_DEFAULT_REGION: 'eu-west-1',
  };

  const { status, stderr } = spawnSync(process.execPath, ['infra/app.ts'], { env, encoding: 'utf8' });

  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: `The configuration ${file} can't be deployed:\n  - alarms.page.topicArn: is in the region us-east-1, but the stacks are deployed to eu-west-1\n`,
  });
});

it(
  'AWS, requirement 10: says which configuration goes into which account before it bundles or synthesizes anything',
  { tags: ['long'] },
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'button-serverless-'));
    const file = join(directory, 'config.json');
    const config = { stage: 'production', account: '111122223333', region: 'eu-west-1', transactions: {} };
    writeFileSync(file, JSON.stringify(config));
    const env = { ...ENVIRONMENT, CDK_CONTEXT_JSON: JSON.stringify({ config: file }) };

    const { stderr } = spawnSync(process.execPath, ['infra/app.ts'], { env, encoding: 'utf8' });

    expect(stderr.split('\n')[0]).toBe(`${file}: stage production, account 111122223333, region eu-west-1`);
  },
);

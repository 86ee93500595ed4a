// @module-tag long
import { afterAll, describe, expect, it } from 'vitest';

import { startSystem } from '../../local/system.ts';
import { DEFAULT_STAGES } from './stage-configs.ts';
import { makeStateDirectory } from './state-directory.ts';

const directory = await makeStateDirectory();

afterAll(() => directory.remove());

describe('a local deployment of what cdk deploy would deploy', () => {
  // Production differs only in what it keeps.
  it.each(DEFAULT_STAGES)('starts: $name', async ({ name, config }) => {
    const configFile = await directory.writeConfig(name.replaceAll(/\W+/g, '-'), config);

    const system = await startSystem({
      configFile,
      stateDirectory: directory.path,
      apiKey: 'sk-flows',
      webhookSecrets: ['webhook-test-secret'],
      controlPort: 0,
    });
    const { webhookUrl, orderQueueUrl, tables } = system.endpoints;
    await system.close();

    const [hasBrand, hasPublisher] = ['orderReporting' in config, 'transactions' in config];
    expect(orderQueueUrl !== undefined).toBe(hasBrand);
    expect(webhookUrl !== undefined).toBe(hasPublisher);
    expect('OrderLedger' in tables).toBe(hasBrand);
    expect('Transactions' in tables).toBe(hasPublisher);
  });
});

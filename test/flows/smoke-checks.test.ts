// @module-tag long
import { expect, it, onTestFinished } from 'vitest';

import { ACCOUNT_CHECKS } from '../../local/smoke/account-checks.ts';
import { playChecks } from '../../local/smoke/play-checks.ts';
import { startSystem } from '../../local/system.ts';
import { openLocalStage } from '../../local/tour/open-local-stage.ts';
import { QUICK_STAGES } from './stage-configs.ts';
import { makeStateDirectory } from './state-directory.ts';

it('AWS, requirement 9: the checks for a real account also pass on the local system', async () => {
  const directory = await makeStateDirectory();
  onTestFinished(() => directory.remove());
  const configFile = await directory.writeConfig('smoke-checks', QUICK_STAGES.both);
  const running = await startSystem({
    configFile,
    stateDirectory: directory.path,
    apiKey: 'sk-smoke',
    webhookSecrets: ['secret'],
    controlPort: 0,
  });
  onTestFinished(() => running.close());
  const stage = await openLocalStage(running, configFile);
  onTestFinished(() => {
    stage.close();
  });

  const results = await playChecks(ACCOUNT_CHECKS, {
    stage,
    webhookUrl: running.endpoints.webhookUrl ?? '',
  });

  const looked = results.filter(({ outcome }) => outcome !== 'byHand');
  expect(looked.map(({ outcome, seen }) => [outcome, seen])).toEqual([
    ['passed', expect.stringMatching(/is settled in version 5$/)],
    ['passed', '60 times 401'],
    ['passed', 'answered 431'],
  ]);
});

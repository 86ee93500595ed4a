import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';

import { App } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';

import { StageConfigSchema } from '../../../infra/config.ts';
import { addStacks } from '../../../infra/stage.ts';
import { CONFIGURATIONS } from '../../../infra/upgrade/configurations.ts';
import { lostState, stateOf } from '../../../infra/upgrade/lost-state.ts';
import { parseTemplates, type Templates } from '../../../infra/upgrade/templates.ts';
import { TINY_BUNDLES_FOLDER } from '../tiny-bundles.ts';
import { UNCHECKED_APP } from '../../../infra/unchecked-app.ts';

/** The stateful resources in the stacks of the last commit, for every configuration. */
const SNAPSHOT = 'test/fixtures/deployed-state.json';

function synthesize({ config }: (typeof CONFIGURATIONS)[number]): Templates {
  const app = new App({ analyticsReporting: false, ...UNCHECKED_APP });
  addStacks(app, { config: StageConfigSchema.parse(config), bundlesFolder: TINY_BUNDLES_FOLDER });
  const stacks = app
    .synth()
    .stacks.map(({ stackName, template }): [string, unknown] => [stackName, template]);
  return parseTemplates(Object.fromEntries(stacks));
}

describe('an upgrade of deployed stacks (F9)', () => {
  const synthesized = CONFIGURATIONS.map((configuration): [string, Templates] => [
    configuration.name,
    synthesize(configuration),
  ]);

  it.each(synthesized)('replaces and deletes nothing that holds state: %s', (name, templates) => {
    const deployed = JSON.parse(readFileSync(SNAPSHOT, 'utf8')) as Record<string, Record<string, unknown>>;

    expect(lostState(parseTemplates(deployed[name] ?? {}), templates)).toEqual([]);
  });

  it('retains the queues and the key of a brand that leaves the configuration (F11)', () => {
    const brands = (...ids: string[]) =>
      synthesize({
        name: ids.join(' and '),
        config: { stage: 'production', orderReporting: { brands: ids.map((id) => ({ id })) } },
      });

    const lost = lostState(brands('acme', 'north-shop'), brands('acme'));

    expect(lost.map((sentence) => sentence.replace(/^\S+ /, ''))).toEqual(
      ['ButtonApiKeyNorthShop', 'OrdersNorthShopDeadLetters', 'OrdersNorthShop'].map(
        (id) => expect.stringMatching(new RegExp(`^${id} \\(.+\\) would be left behind`)) as string,
      ),
    );
  });

  // After an addition: npx vitest run test/infra/upgrade --update. After a loss, think first: `npm run
  // upgrade:check` will report it, too.
  it('is compared with all existing state', async () => {
    const state = Object.fromEntries(synthesized.map(([name, templates]) => [name, stateOf(templates)]));

    await expect(`${JSON.stringify(state, null, 1)}\n`).toMatchFileSnapshot(`../../../${SNAPSHOT}`);
  });

  it('is checked against any commit by a command, which says so if there is no such commit', () => {
    const { status, stderr } = spawnSync(process.execPath, ['infra/upgrade/check.ts', 'no-such-commit'], {
      encoding: 'utf8',
    });

    expect({ status, stderr }).toEqual({ status: 1, stderr: 'There is no commit no-such-commit.\n' });
  });
});

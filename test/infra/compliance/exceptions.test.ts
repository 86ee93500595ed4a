import { App, CfnResource } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';

import { compliancePacks } from '../../../infra/compliance/compliance.ts';
import { COMPLIANCE_EXCEPTIONS, exceptionsFor } from '../../../infra/compliance/exceptions.ts';
import { StageConfigSchema, type StageConfig } from '../../../infra/config.ts';
import { addStacks } from '../../../infra/stage.ts';
import { STAGES } from '../stages.ts';
import { TINY_BUNDLES_FOLDER } from '../tiny-bundles.ts';

/** Each finding or exception, as `id at path`. */
type Places = { found: Set<string>; excepted: Set<string> };

/** What the packs find in a stage if nothing is acknowledged, and what the list excepts there. */
function examine(config: StageConfig): Places {
  const app = new App({ analyticsReporting: false });
  addStacks(app, { config, bundlesFolder: TINY_BUNDLES_FOLDER });
  const resources = app.node.findAll().filter((construct) => CfnResource.isCfnResource(construct));
  return {
    found: new Set(
      compliancePacks(app, config)
        .flatMap((pack) => pack.validateScope(app).violations)
        .flatMap(({ ruleName, violatingResources }) =>
          violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath ?? ''}`),
        ),
    ),
    excepted: new Set(
      resources.flatMap((resource) =>
        exceptionsFor(resource, config).map(({ id }) => `${id} at ${resource.node.path}`),
      ),
    ),
  };
}

const examined = STAGES.map(({ name, config }): [string, Places] => [
  name,
  examine(StageConfigSchema.parse(config)),
]);

describe('the exceptions from the compliance packs (S1, S2)', () => {
  it.each(examined)('are what the packs find, at those resources and no others: %s', (_name, places) => {
    expect([...places.excepted].sort()).toEqual([...places.found].sort());
  });

  it('are all needed somewhere', () => {
    const needed = examined.flatMap(([, { found }]) => [...found]);

    const stale = COMPLIANCE_EXCEPTIONS.filter(
      ({ id }) => !needed.some((place) => place.startsWith(`${id} at `)),
    );

    expect(stale).toEqual([]);
  });

  it('each stand once, with a reason that says something', () => {
    const places = COMPLIANCE_EXCEPTIONS.map(({ id, resources }) => `${id} at ${resources.source}`);
    expect(new Set(places).size).toBe(COMPLIANCE_EXCEPTIONS.length);
    for (const { reason } of COMPLIANCE_EXCEPTIONS) expect(reason).toMatch(/^\S.{29,}\.$/);
  });
});

import { REGISTRY_REGIONS, templateProblems } from '@button-serverless/local-aws/registry';
import { describe, expect, it } from 'vitest';

import { STAGES } from './stages.ts';
import { synthesizeStage } from './synthesized-stage.ts';

describe.each(STAGES.map(({ name, config }) => ({ name, templates: synthesizeStage(config).templates })))(
  'AWS, requirement 5: the templates of $name',
  ({ templates }) => {
    it.each(REGISTRY_REGIONS)('are accepted by CloudFormation and the services in %s', (region) => {
      const problems = [...templates].flatMap(([stackName, text]) =>
        templateProblems({ stackName, text, region, accountId: '111122223333' }),
      );

      expect(problems).toEqual([]);
    });
  },
);

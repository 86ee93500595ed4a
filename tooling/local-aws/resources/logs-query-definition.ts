import * as z from 'zod';
import { defineResource, physicalName } from '../resource-definition.ts';

const NO_CONSOLE = 'nobody asks questions of logs here';

/** A saved query that nobody can run. */
export const logsQueryDefinition = defineResource({
  type: 'AWS::Logs::QueryDefinition',
  properties: { Name: z.string() },
  withoutLocalEffect: { LogGroupNames: NO_CONSOLE, QueryLanguage: NO_CONSOLE, QueryString: NO_CONSOLE },
  create: (_properties, site) => {
    const id = physicalName(site, { maxLength: 256 });
    return { physicalId: id, attributes: { QueryDefinitionId: id } };
  },
});

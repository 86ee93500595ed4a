import * as z from 'zod';
import { arnOf } from '../cloud.ts';
import { defineResource, physicalName } from '../resource-definition.ts';

/** An archive is a name here: a local bus keeps everything anyway, and nothing can be replayed. */
export const eventsArchive = defineResource({
  type: 'AWS::Events::Archive',
  properties: { ArchiveName: z.string().optional() },
  nameProperty: 'ArchiveName',
  withoutLocalEffect: {
    Description: 'nothing reads it',
    EventPattern: 'nothing is replayed',
    KmsKeyIdentifier: 'nothing leaves the memory of this machine',
    RetentionDays: 'a local deployment does not live for days',
    SourceArn: 'nothing is replayed',
  },
  create(properties, site) {
    const name = properties.ArchiveName ?? physicalName(site, { maxLength: 48 });
    return { physicalId: name, attributes: { Arn: arnOf(site.cloud, 'events', `archive/${name}`) } };
  },
});

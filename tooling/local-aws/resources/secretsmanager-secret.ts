import { hash } from 'node:crypto';
import * as z from 'zod';
import { arnOf } from '../cloud.ts';
import { TagsSchema } from '../iam/tags.ts';
import { defineResource, physicalName } from '../resource-definition.ts';

/** A secret, without a value unless the template gives one. */
export const secretsmanagerSecret = defineResource({
  type: 'AWS::SecretsManager::Secret',
  properties: { Name: z.string().optional(), SecretString: z.string().optional(), Tags: TagsSchema },
  nameProperty: 'Name',
  withoutLocalEffect: {
    Description: 'nothing reads it',
    KmsKeyId: 'nothing leaves the memory of this machine',
  },
  create(properties, site) {
    const name = properties.Name ?? physicalName(site, { maxLength: 512 });
    const sixCharacters = hash('sha256', name).slice(0, 6);
    const arn = arnOf(site.cloud, 'secretsmanager', `secret:${name}-${sixCharacters}`);

    site.cloud.secretsManager.create({ arn, name });
    site.cloud.access.tag(arn, properties.Tags);
    if (properties.SecretString !== undefined) site.cloud.secretsManager.put(arn, properties.SecretString);
    return {
      physicalId: arn,
      attributes: { Id: arn },
      remove: () => {
        site.cloud.secretsManager.remove(arn);
      },
    };
  },
  /** A value that somebody has put stays, unless the template gives another than before. */
  update({ SecretString: value, Tags: tags }, { before, resource, site }) {
    if (value !== undefined && value !== before.SecretString)
      site.cloud.secretsManager.put(resource.physicalId, value);
    site.cloud.access.tag(resource.physicalId, tags);
    return resource;
  },
});

import { hash } from 'node:crypto';
import * as z from 'zod';
import { arnOf } from '../cloud.ts';
import { defineResource, physicalName } from '../resource-definition.ts';

/** A secret, without a value unless the template gives one. */
export const secretsmanagerSecret = defineResource({
  type: 'AWS::SecretsManager::Secret',
  properties: { Name: z.string().optional(), SecretString: z.string().optional() },
  withoutLocalEffect: {
    Description: 'nothing reads it',
    KmsKeyId: 'nothing leaves the memory of this machine',
    Tags: 'nothing reads them',
  },
  create(properties, site) {
    const name = properties.Name ?? physicalName(site, { maxLength: 512 });
    const sixCharacters = hash('sha256', name).slice(0, 6);
    const arn = arnOf(site.cloud, 'secretsmanager', `secret:${name}-${sixCharacters}`);

    site.cloud.secretsManager.create({ arn, name });
    if (properties.SecretString !== undefined) site.cloud.secretsManager.put(arn, properties.SecretString);
    return { physicalId: arn, attributes: { Id: arn } };
  },
});

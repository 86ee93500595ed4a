import * as z from 'zod';
import { arnOf } from '../cloud.ts';
import { defineResource, physicalName } from '../resource-definition.ts';

/** A log group is a name here; what functions print stands in one file per function. */
export const logsLogGroup = defineResource({
  type: 'AWS::Logs::LogGroup',
  properties: { LogGroupName: z.string().optional() },
  nameProperty: 'LogGroupName',
  withoutLocalEffect: {
    RetentionInDays: 'log files are the reader’s to delete',
    LogGroupClass: 'a matter of price',
    KmsKeyId: 'nothing leaves this machine',
    DataProtectionPolicy: 'masking happens in CloudWatch',
    FieldIndexPolicies: 'nothing queries the files',
    Tags: 'nothing reads them',
  },
  create(properties, site) {
    const name = properties.LogGroupName ?? physicalName(site, { maxLength: 512 });
    return { physicalId: name, attributes: { Arn: `${arnOf(site.cloud, 'logs', `log-group:${name}`)}:*` } };
  },
});

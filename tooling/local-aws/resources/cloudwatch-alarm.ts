import * as z from 'zod';
import { alarmDefinition, ALARM_RULE_PROPERTIES } from '../cloudwatch/alarm-definition.ts';
import { arnOf } from '../cloud.ts';
import { defineResource, physicalName, removalFrom } from '../resource-definition.ts';

const NOBODY_IS_NOTIFIED = 'its state can be read; nobody is told of it';

/** An alarm that is evaluated, and rings nowhere. */
export const cloudwatchAlarm = defineResource({
  type: 'AWS::CloudWatch::Alarm',
  properties: {
    ...ALARM_RULE_PROPERTIES,
    AlarmName: z.string().optional(),
    AlarmDescription: z.string().optional(),
  },
  nameProperty: 'AlarmName',
  withoutLocalEffect: {
    ActionsEnabled: NOBODY_IS_NOTIFIED,
    AlarmActions: NOBODY_IS_NOTIFIED,
    InsufficientDataActions: NOBODY_IS_NOTIFIED,
    OKActions: NOBODY_IS_NOTIFIED,
    Tags: 'nothing reads them',
  },
  create(properties, site) {
    const { AlarmName: givenName, AlarmDescription: description = '', ...rule } = properties;
    const name = givenName ?? physicalName(site, { maxLength: 255 });
    const arn = arnOf(site.cloud, 'cloudwatch', `alarm:${name}`);
    const { alarms } = site.cloud.cloudWatch;
    const alarm = { name, arn, description, definition: alarmDefinition(rule) };
    alarms.push(alarm);
    return { physicalId: name, attributes: { Arn: arn }, remove: removalFrom(alarms, alarm) };
  },
});

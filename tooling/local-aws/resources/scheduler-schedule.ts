import * as z from 'zod';
import { arnOf, findFunction } from '../cloud.ts';
import { defineResource, physicalName, removalFrom } from '../resource-definition.ts';
import { createSchedule } from '../triggers/schedule.ts';
import { parseScheduleExpression } from '../triggers/schedule-timing.ts';

/** A schedule that invokes a function asynchronously. */
export const schedulerSchedule = defineResource({
  type: 'AWS::Scheduler::Schedule',
  properties: {
    Name: z.string().optional(),
    GroupName: z.string().default('default'),
    FlexibleTimeWindow: z.strictObject({ Mode: z.literal('OFF') }),
    ScheduleExpression: z.string(),
    ScheduleExpressionTimezone: z.string().default('UTC'),
    State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
    Target: z.strictObject({
      Arn: z.string(),
      Input: z.string().optional(),
      // No local effect: both are for invocations that Lambda does not accept, and here it accepts them all.
      RetryPolicy: z.unknown().optional(),
      DeadLetterConfig: z.unknown().optional(),
      RoleArn: z.string(),
    }),
  },
  nameProperty: 'Name',
  withoutLocalEffect: {
    Description: 'nothing reads it',
    KmsKeyArn: 'nothing leaves this machine',
  },
  create(properties, site) {
    const { cloud, logicalId } = site;
    const name = properties.Name ?? physicalName(site, { maxLength: 64 });
    const timing = parseScheduleExpression(
      properties.ScheduleExpression,
      properties.ScheduleExpressionTimezone,
    );
    const arn = arnOf(cloud, 'scheduler', `schedule/${properties.GroupName}/${name}`);
    const { Arn: targetArn, RoleArn: role } = properties.Target;
    // https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    cloud.access.assume(role, 'scheduler.amazonaws.com', {
      'aws:SourceAccount': [cloud.accountId],
      'aws:SourceArn': [arnOf(cloud, 'scheduler', `schedule-group/${properties.GroupName}`)],
    });
    const schedule = createSchedule({
      logicalId,
      arn,
      accountId: cloud.accountId,
      region: cloud.region,
      timing: properties.State === 'ENABLED' ? timing : undefined,
      target: findFunction(cloud, targetArn),
      mayInvoke: () => cloud.access.allows(role, { action: 'lambda:InvokeFunction', resource: targetArn }),
      input: properties.Target.Input,
      repeatsEvery: cloud.scheduleRepeatsEvery,
    });
    cloud.schedules.push(schedule);
    const stop = cloud.triggers.add(schedule);
    return {
      physicalId: name,
      attributes: { Arn: arn },
      async remove() {
        removalFrom(cloud.schedules, schedule)();
        await stop();
      },
    };
  },
});

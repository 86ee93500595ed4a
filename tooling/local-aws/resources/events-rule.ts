import * as z from 'zod';
import { arnOf } from '../cloud.ts';
import { defineResource, physicalName } from '../resource-definition.ts';

const TargetSchema = z.looseObject({
  Id: z.string(),
  Arn: z.string(),
  DeadLetterConfig: z.strictObject({ Arn: z.string().optional() }).optional(),
});
/** What changes an event on its way, or is for another kind of target. */
const NOT_IMITATED = ['Input', 'InputPath', 'InputTransformer', 'SqsParameters', 'RoleArn'];

/**
 * A rule that sends the events of a bus to queues. A rule of the default bus does nothing: on it there would
 * be events of AWS, and reminders for people, who are not notified here.
 */
export const eventsRule = defineResource({
  type: 'AWS::Events::Rule',
  properties: {
    Name: z.string().optional(),
    EventBusName: z.string().default('default'),
    EventPattern: z.record(z.string(), z.unknown()).optional(),
    State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
    Targets: z.array(TargetSchema).default([]),
  },
  nameProperty: 'Name',
  withoutLocalEffect: {
    Description: 'nothing reads it',
    ScheduleExpression: 'it only reminds people, and nobody is notified here',
    Tags: 'nothing reads them',
  },
  create({ EventBusName: bus, EventPattern: pattern, State: state, Targets: targets, ...given }, site) {
    const { cloud } = site;
    const name = given.Name ?? physicalName(site, { maxLength: 64 });
    if (bus === 'default')
      return { physicalId: name, attributes: { Arn: arnOf(cloud, 'events', `rule/${name}`) } };
    const arn = arnOf(cloud, 'events', `rule/${bus}/${name}`);
    const { rules } = cloud.eventBridge;
    rules.put({ bus, name, arn, pattern, isEnabled: state === 'ENABLED', isOfTemplate: true });
    rules.putTargets({ bus, name }, targets.map(queueTarget));
    return {
      physicalId: `${bus}|${name}`,
      attributes: { Arn: arn },
      remove: () => {
        rules.remove({ bus, name });
      },
    };
  },
});

function queueTarget(target: z.infer<typeof TargetSchema>) {
  const { Id: id, Arn: queueArn, DeadLetterConfig: deadLetters } = target;
  if (!queueArn.startsWith('arn:aws:sqs:')) throw new Error(`Target ${id} is no queue.`);
  const others = NOT_IMITATED.filter((name) => name in target);
  if (others.length > 0) throw new Error(`${others.join(', ')} of target ${id} is not supported locally.`);
  return { id, queueArn, deadLetterQueueArn: deadLetters?.Arn };
}

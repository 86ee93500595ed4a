import type { BusEvent } from '../emulators/event-bridge.ts';
import type { RuleDelivery } from '../emulators/event-rules.ts';
import type { SqsEmulator } from '../emulators/sqs-emulator.ts';
import type { AccessControl } from '../iam/access-control.ts';

/**
 * An event as EventBridge hands it to the targets of a rule.
 *
 * Source: https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
 */
export type DeliveredEvent = {
  version: '0';
  id: string;
  'detail-type': string;
  source: string;
  account: string;
  time: string;
  region: string;
  resources: string[];
  detail: Record<string, unknown>;
};

/** The event as a target gets it, in this account and region; the time is whole seconds. Pure. */
export function deliveredEvent(
  { id, time, source, detailType, detail }: BusEvent,
  place: { account: string; region: string },
): DeliveredEvent {
  return {
    version: '0',
    id,
    'detail-type': detailType,
    source,
    account: place.account,
    time: time.replace(/\.\d{3}Z$/, 'Z'),
    region: place.region,
    resources: [],
    detail,
  };
}

/** What a delivery needs of the cloud: the queues, and their policies. */
export type DeliveryCloud = {
  sqs: Pick<SqsEmulator, 'call' | 'queueUrl'>;
  access: Pick<AccessControl, 'allowsService'>;
};

/**
 * Sends an event to the queue of a target. A queue that does not let the rule in, or that is not there, gets
 * nothing, and the event goes to the target's dead-letter queue; AWS tries for a day if the queue may come
 * back. The queue of a rule that no template made is not asked.
 *
 * Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
 */
export async function deliverEvent(
  event: DeliveredEvent,
  delivery: RuleDelivery,
  cloud: DeliveryCloud,
): Promise<void> {
  const body = JSON.stringify(event);
  const { queueArn, deadLetterQueueArn } = delivery.target;
  const queues = [queueArn, deadLetterQueueArn].filter((arn) => arn !== undefined);
  for (const arn of queues) if (isLetIn(arn, delivery, cloud) && (await trySend(body, arn, cloud))) return;
}

function isLetIn(resource: string, { rule }: RuleDelivery, { access }: DeliveryCloud): boolean {
  const context = { 'aws:SourceArn': [rule.arn], 'aws:SecureTransport': ['true'] };
  const service = 'events.amazonaws.com';
  return (
    !rule.isOfTemplate || access.allowsService({ service, action: 'sqs:SendMessage', resource, context })
  );
}

function trySend(body: string, queueArn: string, { sqs }: DeliveryCloud): Promise<boolean> {
  const name = queueArn.split(':').at(-1) ?? '';
  return sqs.call('SendMessage', { QueueUrl: sqs.queueUrl(name), MessageBody: body }).then(
    () => true,
    () => false,
  );
}

import type { LocalDeployment } from '@button-serverless/local-aws';

/**
 * An event as EventBridge delivers it to the targets of a rule.
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

/** The events on the bus with this ARN, as its rules would deliver them, oldest first. */
export function deliveredEvents(deployment: LocalDeployment, busArn: string): DeliveredEvent[] {
  const [, , , region = '', account = '', bus = ''] = busArn.split(':');
  const onThisBus = deployment.busEvents().filter(({ busName }) => `event-bus/${busName}` === bus);
  return onThisBus.map(({ id, time, source, detailType, detail }) => ({
    version: '0',
    id,
    'detail-type': detailType,
    source,
    account,
    time,
    region,
    resources: [],
    detail,
  }));
}

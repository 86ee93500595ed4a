import { deliveredEvent, type DeliveredEvent, type LocalDeployment } from '@button-serverless/local-aws';

/** The events on the bus with this ARN, as its rules deliver them, oldest first. */
export function deliveredEvents(deployment: LocalDeployment, busArn: string): DeliveredEvent[] {
  const [, , , region = '', account = '', bus = ''] = busArn.split(':');
  const onThisBus = deployment.busEvents().filter(({ busName }) => `event-bus/${busName}` === bus);
  return onThisBus.map((event) => deliveredEvent(event, { account, region }));
}

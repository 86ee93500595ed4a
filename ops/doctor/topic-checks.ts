import { paginateListSubscriptionsByTopic } from '@aws-sdk/client-sns';

import type { CommandContext } from '../command.ts';
import { check, ok, problem, type CheckLine, type Verdict } from './check.ts';

/** Whether somebody is notified of alarms. */
export function topicChecks(context: CommandContext): Promise<CheckLine>[] {
  return (['Page', 'Ticket'] as const)
    .filter((severity) => context.stage.outputNames.includes(`${severity}TopicArn`))
    .map((severity) =>
      check({ name: `topic for a ${severity.toLowerCase()}`, right: 'sns:ListSubscriptionsByTopic' }, () =>
        checkTopic(context, context.stage.output(`${severity}TopicArn`)),
      ),
    );
}

async function checkTopic({ stage, clients }: CommandContext, topicArn: string): Promise<Verdict> {
  if (stage.localEndpoints) return ok('On this machine nobody is notified.');
  let confirmed = 0;
  let waiting = 0;
  for await (const { Subscriptions: page = [] } of paginateListSubscriptionsByTopic(
    { client: clients.sns },
    { TopicArn: topicArn },
  )) {
    const isWaiting = page.filter(({ SubscriptionArn: arn }) => arn === PENDING).length;
    waiting += isWaiting;
    confirmed += page.length - isWaiting;
  }
  const unconfirmed = waiting === 0 ? '' : ` ${waiting} not confirmed yet: the e-mail from AWS has the link.`;
  if (confirmed > 0)
    return ok(`${confirmed} ${confirmed === 1 ? 'subscriber' : 'subscribers'}.${unconfirmed}`);
  return problem(
    `Nobody is notified.${unconfirmed}`,
    `aws sns subscribe --topic-arn ${topicArn} --protocol email --notification-endpoint YOU@example.com`,
  );
}

/**
 * What SNS returns instead of an ARN until a subscription is confirmed. Source: Amazon SNS API reference,
 * Subscribe.
 */
const PENDING = 'PendingConfirmation';

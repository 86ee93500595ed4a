import { GetTopicAttributesCommand } from '@aws-sdk/client-sns';

import { ok, problem, unlessMissing, type Check, type Finding, type PreflightContext } from '../check.ts';

/** Whether the topics that the configuration names exist and accept what alarms and rules publish. */
export const topics: Check = {
  name: 'topics',
  explains:
    "Alarms notify nobody if their topic does not exist, is encrypted with alias/aws/sns, or has a policy that does not let CloudWatch's alarms and EventBridge's rules publish. In another account, the policy of the ticket topic must also let this account publish its daily reminder.",
  async run(context) {
    const arns = [context.config.alarms.page.topicArn, context.config.alarms.ticket.topicArn].flatMap(
      (arn) => arn ?? [],
    );
    if (arns.length === 0) return [ok('the stacks create their own')];
    const found = await Promise.all([...new Set(arns)].map((arn) => judge(arn, context)));
    return found.flat();
  },
};

/**
 * A role of this account sends the reminder. Only the topic's own policy can allow that from another account.
 *
 * Source: https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.iam.permissions.html
 */
function reminderFaults(arn: string, policy: string, { config, account }: PreflightContext): Finding[] {
  const [, , , , owner] = arn.split(':');
  if (arn !== config.alarms.ticket.topicArn || owner === account) return [];
  const principals = new RegExp(`"(arn:[\\w-]+:iam::)?${account}(:root|:role/[^"]*)?"`);
  return principals.test(policy)
    ? []
    : [
        problem(
          `the topic ${arn} is in another account, and its policy does not name ${account}: nobody is reminded of alarms`,
          `Allow the account ${account} sns:Publish in that policy.`,
        ),
      ];
}

/** Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html */
async function judge(arn: string, context: PreflightContext): Promise<Finding[]> {
  const { clients } = context;
  const answer = await unlessMissing(clients.sns.send(new GetTopicAttributesCommand({ TopicArn: arn })), [
    'NotFoundException',
    'NotFound',
  ]);
  if (!answer) return [problem(`there is no topic ${arn}`, 'Create it, or name one that exists.')];
  const { KmsMasterKeyId: key = '', Policy: policy = '' } = answer.Attributes ?? {};
  const faults = reminderFaults(arn, policy, context);
  if (key.endsWith('alias/aws/sns'))
    faults.push(
      problem(
        `the topic ${arn} is encrypted with alias/aws/sns, which alarms cannot use`,
        'Encrypt it with your own key that cloudwatch.amazonaws.com and events.amazonaws.com may use, or do not encrypt it.',
      ),
    );
  for (const service of ['cloudwatch.amazonaws.com', 'events.amazonaws.com']) {
    // SNS's default policy allows callers that act for the topic's own account, which rules do not.
    const isLetIn =
      policy.includes(service) || (service.startsWith('cloudwatch') && /SourceOwner/i.test(policy));
    if (!isLetIn)
      faults.push(
        problem(
          `the policy of the topic ${arn} does not name ${service}`,
          `Allow the service ${service} sns:Publish in it.`,
        ),
      );
  }
  return faults.length > 0 ? faults : [ok(`${arn} accepts what alarms and rules publish`)];
}

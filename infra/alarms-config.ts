import * as z from 'zod';

import { runsBySeconds, ScheduleExpressionSchema } from './schedule-expression.ts';

/** The ARN of an SNS topic. */
const TopicArnSchema = z
  .string()
  .regex(/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w-]+$/, 'must be the ARN of an SNS topic')
  .meta({ examples: ['arn:aws:sns:eu-west-1:111122223333:on-call'] });

const RecipientsSchema = z.strictObject({
  email: z
    .email()
    .max(320)
    .meta({ examples: ['on-call@example.com'] })
    .optional()
    .describe('An address that the topic notifies. SNS asks it once to confirm.'),
  topicArn: TopicArnSchema.optional().describe(
    'An existing SNS topic of the same account and region, in the place of the one that the stack makes.',
  ),
});

/** Everything that can be set about alarms. */
export const AlarmsConfigSchema = z.strictObject({
  page: RecipientsSchema.prefault({}).describe(
    'Who is called at any hour: what gets worse until somebody acts.',
  ),
  ticket: RecipientsSchema.prefault({}).describe(
    'Who is notified of what can wait for the next working day.',
  ),
  reminderSchedule: ScheduleExpressionSchema.refine(
    (expression) => !runsBySeconds(expression),
    'must be a minute or more: an EventBridge rule knows no seconds',
  )
    .default('cron(0 8 * * ? *)')
    .describe('When the ticket topic is reminded, in UTC, of the alarms that have not ended.'),
  lambdaConcurrency: z
    .int()
    .min(10)
    .max(1_000_000)
    .default(1000)
    .describe(
      "The account's quota of concurrent Lambda executions in the region; a new account may have 10. An alarm goes off at 80% of it.",
    ),
});

/** The validated settings of alarms. */
export type AlarmsConfig = z.output<typeof AlarmsConfigSchema>;

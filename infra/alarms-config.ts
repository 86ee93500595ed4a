import * as z from 'zod';

import { RuleScheduleSchema } from './schedule-expression.ts';

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
    "An existing SNS topic in the same region, used instead of the stack's own. Its policy must let the alarms publish.",
  ),
});

/** All settings of alarms. */
export const AlarmsConfigSchema = z.strictObject({
  page: RecipientsSchema.prefault({}).describe(
    'Who is notified at any hour of problems that get worse until somebody acts.',
  ),
  ticket: RecipientsSchema.prefault({}).describe(
    'Who is notified of problems that can wait for the next working day.',
  ),
  reminderSchedule: RuleScheduleSchema.default('cron(0 8 * * ? *)').describe(
    'When the ticket topic gets a reminder of the alarms that are still on, in UTC.',
  ),
  lambdaConcurrency: z
    .int()
    .min(10)
    .max(1_000_000)
    .default(1000)
    .describe(
      "The account's quota of concurrent Lambda executions in the region. A new account may have 10. An alarm goes off at 80% of the quota.",
    ),
});

/** The validated settings of alarms. */
export type AlarmsConfig = z.output<typeof AlarmsConfigSchema>;

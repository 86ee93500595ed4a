import * as z from 'zod';

import type { AwsOperation } from './aws-json-server.ts';
import { AwsServiceError } from './aws-json-client.ts';
import type { EventRules, RuleName } from './event-rules.ts';

const nameOnBus = { EventBusName: z.string().default('default') };
const PutRuleSchema = z.strictObject({
  ...nameOnBus,
  Name: z.string().regex(/^[.\-_A-Za-z0-9]{1,64}$/),
  EventPattern: z.string(),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  Description: z.string().optional(),
});
const TargetSchema = z.strictObject({
  Id: z.string().min(1),
  Arn: z.string().regex(/^arn:aws:sqs:/, 'Here, only SQS queues can be targets.'),
  DeadLetterConfig: z.strictObject({ Arn: z.string().optional() }).optional(),
  // No local effect: a queue on this machine takes the event at once or never.
  RetryPolicy: z.unknown().optional(),
});
const PutTargetsSchema = z.strictObject({
  ...nameOnBus,
  Rule: z.string(),
  Targets: z.array(TargetSchema).min(1),
});
const RemoveTargetsSchema = z.looseObject({
  ...nameOnBus,
  Rule: z.string(),
  Ids: z.array(z.string()).min(1),
});
const DeleteRuleSchema = z.looseObject({ ...nameOnBus, Name: z.string() });
const ListRulesSchema = z.looseObject(nameOnBus);
const ListTargetsSchema = z.looseObject({ ...nameOnBus, Rule: z.string() });

/** The name and the ARN of the bus that a request names one way or the other. */
export type FindBus = (wanted: string) => { name: string; arn: string } | undefined;

/**
 * The requests of EventBridge about rules and their targets, of what the AWS CLI and the SDKs need to try a
 * consumer: no tags, no paging, and queues as targets.
 */
export function eventRulesApi(rules: EventRules, findBus: FindBus): Record<string, AwsOperation> {
  const ruleNameOf = (input: { EventBusName: string }, name: string): RuleName => ({
    bus: busOf(findBus, input.EventBusName).name,
    name,
  });
  return {
    PutRule: (given) => {
      const input = read(PutRuleSchema, given);
      const bus = busOf(findBus, input.EventBusName);
      const arn = `${bus.arn.replace(':event-bus/', ':rule/')}/${input.Name}`;
      refusing(() => {
        const pattern: unknown = JSON.parse(input.EventPattern);
        rules.put({
          bus: bus.name,
          name: input.Name,
          arn,
          pattern,
          isEnabled: input.State === 'ENABLED',
          isOfTemplate: false,
        });
      });
      return { RuleArn: arn };
    },
    PutTargets: (given) => {
      const input = read(PutTargetsSchema, given);
      const targets = input.Targets.map(({ Id, Arn, DeadLetterConfig }) => ({
        id: Id,
        queueArn: Arn,
        deadLetterQueueArn: DeadLetterConfig?.Arn,
      }));
      refusing(() => {
        rules.putTargets(ruleNameOf(input, input.Rule), targets);
      });
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
    RemoveTargets: (given) => {
      const input = read(RemoveTargetsSchema, given);
      refusing(() => {
        rules.removeTargets(ruleNameOf(input, input.Rule), input.Ids);
      });
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
    DeleteRule: (given) => {
      const input = read(DeleteRuleSchema, given);
      rules.remove(ruleNameOf(input, input.Name));
      return {};
    },
    ListRules: (given) => {
      const { name: bus } = busOf(findBus, read(ListRulesSchema, given).EventBusName);
      return {
        Rules: rules.list(bus).map(({ name, arn, pattern, isEnabled }) => ({
          Name: name,
          Arn: arn,
          EventBusName: bus,
          EventPattern: JSON.stringify(pattern),
          State: isEnabled ? 'ENABLED' : 'DISABLED',
        })),
      };
    },
    ListTargetsByRule: (given) => {
      const input = read(ListTargetsSchema, given);
      const targets = refusing(() => rules.targets(ruleNameOf(input, input.Rule)));
      return { Targets: targets.map(({ id, queueArn }) => ({ Id: id, Arn: queueArn })) };
    },
  };
}

function busOf(findBus: FindBus, wanted: string): { name: string; arn: string } {
  const bus = findBus(wanted);
  if (!bus) throw new AwsServiceError('ResourceNotFoundException', `Event bus ${wanted} does not exist.`);
  return bus;
}

function read<Schema extends z.ZodType>(schema: Schema, input: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new AwsServiceError('ValidationException', z.prettifyError(parsed.error));
  return parsed.data;
}

/** What the rules do not understand is refused in their words. */
function refusing<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const code = text.includes('does not exist')
      ? 'ResourceNotFoundException'
      : 'InvalidEventPatternException';
    throw new AwsServiceError(code, text);
  }
}

import * as z from 'zod';

import { referredTo, roleStatements, type StackResources } from './role-statements.ts';

const MappingSchema = z.object({ EventSourceArn: z.unknown(), FunctionName: z.unknown() });
const FunctionSchema = z.object({ Role: z.unknown(), RecursiveLoop: z.string().optional() });

/**
 * Whether the function of an event source mapping may send to the queue that starts it, without a declaration
 * of that loop. Lambda would stop it after about 16 invocations.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
 */
export function isUndeclaredLoop(mapping: Record<string, unknown>, resources: StackResources): boolean {
  const { EventSourceArn: source, FunctionName: functionName } = MappingSchema.parse(mapping);
  const lambda = resources.get(referredTo(functionName) ?? '');
  if (lambda === undefined) return false;
  const { Role: role, RecursiveLoop: loop } = FunctionSchema.parse(lambda.Properties);
  if (loop === 'Allow') return false;
  return roleStatements(referredTo(role), resources).some(
    ({ Effect, Action = [], Resource = [] }) =>
      Effect === 'Allow' &&
      Action.some((action) => isPatternOf(action, 'sqs:SendMessage')) &&
      Resource.some((resource) => mayCover(resource, source)),
  );
}

/**
 * Whether the resource of a statement may cover the queue: it is the queue, or the ARN of queues with a
 * wildcard in the name. The template does not show what name CloudFormation gives the queue.
 */
function mayCover(resource: unknown, queue: unknown): boolean {
  if (JSON.stringify(resource) === JSON.stringify(queue)) return true;
  const arn = arnText(resource);
  if (!/[*?]/.test(arn.slice(arn.lastIndexOf(':')))) return false;
  return arn === '*' || isPatternOf(arn.split(':').slice(0, 3).join(':'), 'arn:aws:sqs');
}

/**
 * The text of an ARN in a template. Each reference in it becomes `aws`: of the parts that are compared, only
 * the partition can be a reference.
 */
function arnText(value: unknown): string {
  if (typeof value === 'string') return value.replaceAll('${AWS::Partition}', 'aws');
  const join = z.object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) }).safeParse(value).data;
  if (join) return join['Fn::Join'][1].map(arnText).join(join['Fn::Join'][0]);
  const sub = z.object({ 'Fn::Sub': z.string() }).safeParse(value).data;
  return sub ? arnText(sub['Fn::Sub']) : 'aws';
}

/** Whether a pattern with IAM's wildcards matches the text, in any case. */
function isPatternOf(pattern: unknown, text: string): boolean {
  if (typeof pattern !== 'string') return false;
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i').test(text);
}

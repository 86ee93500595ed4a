import * as z from 'zod';

/** The resources of a stack by their logical ids, as its template has them. */
export type StackResources = ReadonlyMap<string, { Type: string; Properties: Record<string, unknown> }>;

const oneOrMore = <Item extends z.ZodType>(item: Item) =>
  z.union([z.array(item), item.transform((value) => [value])]);

const StatementSchema = z.object({
  Effect: z.string(),
  Action: oneOrMore(z.unknown()).optional(),
  Resource: oneOrMore(z.unknown()).optional(),
});
const DocumentSchema = z.object({ Statement: oneOrMore(StatementSchema) });
const MappingSchema = z.object({ EventSourceArn: z.unknown(), FunctionName: z.unknown() });
const FunctionSchema = z.object({ Role: z.unknown(), RecursiveLoop: z.string().optional() });
const RoleSchema = z.object({
  Policies: z.array(z.object({ PolicyDocument: DocumentSchema })).default([]),
  ManagedPolicyArns: z.array(z.unknown()).default([]),
});
const PolicySchema = z.object({ PolicyDocument: DocumentSchema, Roles: z.array(z.unknown()).default([]) });

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
  return statementsOf(referredTo(role), resources).some(
    ({ Effect, Action = [], Resource = [] }) =>
      Effect === 'Allow' &&
      Action.some((action) => isPatternOf(action, 'sqs:SendMessage')) &&
      Resource.some((resource) => mayBe(resource, source)),
  );
}

type Statement = z.output<typeof StatementSchema>;

/** Everything that a role of the stack is allowed, in itself and in policies that are attached to it. */
function statementsOf(role: string | undefined, resources: StackResources): Statement[] {
  const own = role === undefined ? undefined : resources.get(role);
  const { Policies: inline, ManagedPolicyArns: managed } = RoleSchema.parse(own?.Properties ?? {});
  const attached = [...resources]
    .filter(([, { Type }]) => Type === 'AWS::IAM::Policy' || Type === 'AWS::IAM::ManagedPolicy')
    .map(([logicalId, { Properties }]) => ({ logicalId, ...PolicySchema.parse(Properties) }))
    .filter(
      ({ logicalId, Roles }) =>
        Roles.some((each) => referredTo(each) === role) ||
        managed.some((each) => referredTo(each) === logicalId),
    );
  return [...inline, ...attached].flatMap(({ PolicyDocument: document }) => document.Statement);
}

/**
 * Whether the resource of a statement may stand for the queue: it is the queue, or it has a wildcard in the
 * name of a queue. What CloudFormation puts into the name is not known yet.
 */
function mayBe(resource: unknown, queue: unknown): boolean {
  if (JSON.stringify(resource) === JSON.stringify(queue)) return true;
  const arn = textOf(resource);
  if (!/[*?]/.test(arn.slice(arn.lastIndexOf(':')))) return false;
  return arn === '*' || isPatternOf(arn.split(':').slice(0, 3).join(':'), 'arn:aws:sqs');
}

/** The text of a value; a service is never a reference, so any reference is the partition `aws`. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value.replaceAll('${AWS::Partition}', 'aws');
  const join = z.object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) }).safeParse(value).data;
  if (join) return join['Fn::Join'][1].map(textOf).join(join['Fn::Join'][0]);
  const sub = z.object({ 'Fn::Sub': z.string() }).safeParse(value).data;
  return sub ? textOf(sub['Fn::Sub']) : 'aws';
}

/** The logical id to which a `Ref` or an `Fn::GetAtt` refers. */
function referredTo(value: unknown): string | undefined {
  const schema = z.union([
    z.object({ Ref: z.string() }).transform(({ Ref }) => Ref),
    z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) }).transform((it) => it['Fn::GetAtt'][0]),
  ]);
  return schema.safeParse(value).data;
}

/** Whether the action of a statement, with its wildcards, stands for `action`. */
function isPatternOf(pattern: unknown, action: string): boolean {
  if (typeof pattern !== 'string') return false;
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i').test(action);
}

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
const RoleSchema = z.object({
  Policies: z.array(z.object({ PolicyDocument: DocumentSchema })).default([]),
  ManagedPolicyArns: z.array(z.unknown()).default([]),
});
const PolicySchema = z.object({ PolicyDocument: DocumentSchema, Roles: z.array(z.unknown()).default([]) });

type Statement = z.output<typeof StatementSchema>;

/** Every statement that applies to a role of the stack: its own, and those of the policies attached to it. */
export function roleStatements(role: string | undefined, resources: StackResources): Statement[] {
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

/** The logical id to which a `Ref` or an `Fn::GetAtt` refers. */
export function referredTo(value: unknown): string | undefined {
  const schema = z.union([
    z.object({ Ref: z.string() }).transform(({ Ref }) => Ref),
    z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) }).transform((it) => it['Fn::GetAtt'][0]),
  ]);
  return schema.safeParse(value).data;
}

import * as z from 'zod';

const ResourceSchema = z.strictObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: z.union([z.string(), z.array(z.string())]).default([]),
  Condition: z.string().optional(),
  Metadata: z.looseObject({ 'aws:cdk:path': z.string().optional() }).default({}),
  DeletionPolicy: z.enum(['Delete', 'Retain', 'RetainExceptOnCreate']).default('Delete'),
  UpdateReplacePolicy: z.enum(['Delete', 'Retain']).default('Delete'),
});

const TemplateSchema = z.strictObject({
  Resources: z.record(z.string(), ResourceSchema),
  Outputs: z
    .record(
      z.string(),
      z.strictObject({
        Value: z.unknown(),
        Description: z.string().optional(),
        Condition: z.string().optional(),
        Export: z.strictObject({ Name: z.unknown() }).optional(),
      }),
    )
    .default({}),
  Parameters: z
    .record(z.string(), z.looseObject({ Type: z.string(), Default: z.unknown().optional() }))
    .default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  // No local effect: the CDK's rules look at the bootstrap stack, of which there is none here.
  Rules: z.record(z.string(), z.unknown()).default({}),
  Metadata: z.record(z.string(), z.unknown()).default({}),
  Description: z.string().optional(),
  AWSTemplateFormatVersion: z.string().optional(),
});

/** A CloudFormation template, as far as the local deployer understands its sections. */
export type Template = z.infer<typeof TemplateSchema>;

/** One resource of a template. */
export type TemplateResource = z.infer<typeof ResourceSchema>;

/**
 * Throws, naming stack and path, for a section or a resource attribute (such as UpdatePolicy) that is not
 * understood.
 */
export function parseTemplate(stackName: string, content: unknown): Template {
  const parsed = TemplateSchema.safeParse(content);
  if (!parsed.success) {
    throw new Error(
      `The template of stack ${stackName} cannot be deployed locally:\n${z.prettifyError(parsed.error)}`,
    );
  }
  return parsed.data;
}

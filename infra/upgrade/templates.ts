import * as z from 'zod';

const TemplateSchema = z.looseObject({
  Outputs: z.record(z.string(), z.looseObject({ Value: z.unknown() })).default({}),
  Resources: z.record(z.string(), z.looseObject({ Type: z.string() })).default({}),
});

/** Templates by the names of their stacks. */
export type Templates = ReadonlyMap<string, Template>;

/** A template as far as it says what holds state. */
export type Template = z.output<typeof TemplateSchema>;

/** Reads templates out of their JSON. Throws for what is none. */
export function parseTemplates(jsonByStack: Readonly<Record<string, unknown>>): Templates {
  return new Map(Object.entries(jsonByStack).map(([stack, json]) => [stack, TemplateSchema.parse(json)]));
}

import * as z from 'zod';

const TemplateSchema = z.looseObject({
  Outputs: z.record(z.string(), z.looseObject({ Value: z.unknown() })).default({}),
  Resources: z.record(z.string(), z.looseObject({ Type: z.string() })).default({}),
});

/** Templates by the names of their stacks. */
export type Templates = ReadonlyMap<string, Template>;

/** The parts of a template that say what holds state. */
export type Template = z.output<typeof TemplateSchema>;

/** Reads templates from their JSON. Throws if it is not a template. */
export function parseTemplates(jsonByStack: Readonly<Record<string, unknown>>): Templates {
  return new Map(Object.entries(jsonByStack).map(([stack, json]) => [stack, TemplateSchema.parse(json)]));
}

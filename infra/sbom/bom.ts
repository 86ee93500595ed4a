import * as z from 'zod';

const TextSchema = z.object({ text: z.object({ content: z.base64() }).optional() });
/** A CycloneDX document, as far as it is read here. */
export const BomSchema = z.looseObject({
  components: z.array(
    z.looseObject({
      group: z.string().optional(),
      name: z.string(),
      version: z.string(),
      purl: z.string(),
      author: z.string().optional(),
      licenses: z
        .array(
          z.union([
            z.object({ license: z.looseObject({ id: z.string() }) }).transform(({ license }) => license.id),
            z.object({ expression: z.string() }).transform(({ expression }) => expression),
          ]),
        )
        .default([]),
      evidence: z
        .looseObject({ licenses: z.array(z.looseObject({ license: TextSchema })).default([]) })
        .optional(),
    }),
  ),
});

/** What a CycloneDX document lists. */
export type BillOfMaterials = z.infer<typeof BomSchema>;

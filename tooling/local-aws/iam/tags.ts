import * as z from 'zod';

/** The tags of a resource in a template, as values by key. */
export const TagsSchema = z
  .array(z.strictObject({ Key: z.string(), Value: z.string() }))
  .default([])
  .transform((tags) => new Map(tags.map(({ Key, Value }) => [Key, Value])));

/** The tags of a resource: values by key. */
export type Tags = z.output<typeof TagsSchema>;

/** The tags of an account's resources, at first none. */
export function createTags() {
  const tagsByArn = new Map<string, Tags>();
  return {
    /** The tags of a resource, in place of those that it had. */
    tag: (resourceArn: string, tags: Tags): void => {
      tagsByArn.set(resourceArn, tags);
    },
    /**
     * The context keys that a request has because of the tags of its resource.
     *
     * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
     */
    tagContext: (resourceArn: string): Record<string, string[]> =>
      Object.fromEntries(
        [...(tagsByArn.get(resourceArn) ?? [])].map(([key, value]) => [`aws:ResourceTag/${key}`, [value]]),
      ),
  };
}

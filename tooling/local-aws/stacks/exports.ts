/** The values that stacks export for each other, and who imports them. */
export type Exports = {
  /** The value, for the stack that imports it. Throws if nobody exports it. */
  read(name: string, importer: string): string;
  /**
   * Sets what a stack exports and imports now. Throws, and changes nothing, for what CloudFormation refuses:
   * a name that another stack exports, and a value in use that would change or go.
   */
  set(stack: string, now: { exports: ReadonlyMap<string, string>; imports: ReadonlySet<string> }): void;
};

/**
 * Keeps the exports of one account and region. There are none at first.
 *
 * Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
 */
export function createExports(): Exports {
  const exported = new Map<string, { stack: string; value: string }>();
  const importsOf = new Map<string, ReadonlySet<string>>();
  const userOf = (name: string): string | undefined =>
    [...importsOf].find(([, names]) => names.has(name))?.[0];

  return {
    read(name, importer) {
      const found = exported.get(name);
      if (found === undefined || found.stack === importer) throw new Error(`No export named ${name} found.`);
      return found.value;
    },
    set(stack, { exports, imports }) {
      for (const [name] of exports) {
        const owner = exported.get(name)?.stack ?? stack;
        if (owner !== stack)
          throw new Error(`Export with name ${name} is already exported by stack ${owner}.`);
      }
      const own = [...exported].filter(([, { stack: owner }]) => owner === stack);
      for (const [name, { value }] of own) {
        const user = userOf(name);
        if (user === undefined || exports.get(name) === value) continue;
        const verb = exports.has(name) ? 'updated' : 'deleted';
        throw new Error(`Export ${name} cannot be ${verb} as it is in use by ${user}.`);
      }
      for (const [name] of own) exported.delete(name);
      for (const [name, value] of exports) exported.set(name, { stack, value });
      importsOf.set(stack, imports);
    },
  };
}

type Context = { report: (problem: { node: unknown; message: string }) => void };
type Import = { source: { value: unknown }; specifiers: { type: string }[] };

/** The rules of this project that no linter has. */
export default {
  meta: { name: 'project' },
  rules: {
    'whole-zod': {
      create: (context: Context) => ({
        ImportDeclaration(node: Import) {
          if (node.source.value === 'zod' && node.specifiers.some(({ type }) => type === 'ImportSpecifier'))
            context.report({
              node,
              message: "Use `import * as z from 'zod'`: `{ z }` drags every locale into the bundle.",
            });
        },
      }),
    },
  },
};

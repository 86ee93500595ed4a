import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deploymentOrder } from '../../template/deployment-order.ts';
import { parseTemplate } from '../../template/template.ts';

describe('the order of deployment', () => {
  it('follows references and DependsOn', () => {
    const order = orderOf({
      C: { Type: 'T', Properties: { x: { 'Fn::Sub': '${B.Arn}' } } },
      B: { Type: 'T', DependsOn: ['A'] },
      A: { Type: 'T', DependsOn: 'D' },
      D: { Type: 'T' },
    });

    expect(order).toEqual(['D', 'A', 'B', 'C']);
  });

  it('puts every resource after all that it refers to, and leaves none out', () => {
    // A resource may refer only to those with a smaller number, so that there is no circle. The keys are
    // shuffled.
    const graphs = fc
      .array(fc.array(fc.nat(20), { maxLength: 4 }), { minLength: 1, maxLength: 20 })
      .map((edges) => edges.map((targets, index) => targets.filter((target) => target < index)))
      .chain((edges) =>
        fc.tuple(fc.constant(edges), fc.shuffledSubarray([...edges.keys()], { minLength: edges.length })),
      );

    fc.assert(
      fc.property(graphs, ([edges, keys]) => {
        const order = orderOf(
          Object.fromEntries(
            keys.map((key) => [
              `R${key}`,
              { Type: 'T', Properties: { to: edges[key]?.map((to) => ({ Ref: `R${to}` })) } },
            ]),
          ),
        );

        expect(order.toSorted()).toEqual(keys.map((key) => `R${key}`).toSorted());
        edges.forEach((targets, from) => {
          for (const to of targets) expect(order.indexOf(`R${to}`)).toBeLessThan(order.indexOf(`R${from}`));
        });
      }),
    );
  });

  it('refuses a circle', () => {
    const circle = { A: { Type: 'T', DependsOn: 'B' }, B: { Type: 'T', DependsOn: 'A' } };

    expect(() => orderOf(circle)).toThrow('Circular dependency: A -> B -> A.');
  });

  it('refuses a dependency that does not exist', () => {
    expect(() => orderOf({ A: { Type: 'T', Properties: { x: { Ref: 'Ghost' } } } })).toThrow(
      'A depends on Ghost',
    );
  });
});

function orderOf(resources: Record<string, unknown>): string[] {
  return deploymentOrder(parseTemplate('Stack', { Resources: resources })).map(([logicalId]) => logicalId);
}

import { describe, expect, it } from 'vitest';
import { RESOURCE_DEFINITIONS } from '../../resource-registry.ts';
import { indexUpdate } from '../../stacks/index-update.ts';
import { replacingProperties } from '../../stacks/replacement.ts';

const QUEUE = { type: 'AWS::SQS::Queue', region: 'us-east-1' };

describe('what replaces a resource', () => {
  it('is a change of a property that can be set only at creation', () => {
    const before = { QueueName: 'one', VisibilityTimeout: 30 };

    expect(replacingProperties(QUEUE, { before, after: { ...before, VisibilityTimeout: 60 } })).toEqual([]);
    expect(replacingProperties(QUEUE, { before, after: { ...before, QueueName: 'two' } })).toEqual([
      'QueueName',
    ]);
    expect(replacingProperties(QUEUE, { before, after: { VisibilityTimeout: 30 } })).toEqual(['QueueName']);
  });

  it('is known for every type that can be deployed here', () => {
    for (const type of RESOURCE_DEFINITIONS.keys())
      expect(replacingProperties({ ...QUEUE, type }, { before: {}, after: {} }), type).toEqual([]);
  });
});

describe('an update of a table', () => {
  const index = (IndexName: string, more: object = {}) => ({ IndexName, ...more });
  const change = (before: object[], after: object[]) =>
    indexUpdate({ GlobalSecondaryIndexes: before as never }, { GlobalSecondaryIndexes: after as never });

  it('creates or deletes one index', () => {
    expect(change([], [index('due')])).toEqual({ Create: index('due') });
    expect(change([index('due')], [])).toEqual({ Delete: index('due') });
    expect(change([index('due')], [index('due')])).toBeUndefined();
  });

  it('is refused for two indexes, for a changed one and for local ones', () => {
    expect(() => change([index('one')], [index('two')])).toThrow('more than one GSI creation or deletion');
    expect(() => change([index('one')], [index('one', { Projection: {} })])).toThrow('cannot be changed');
    expect(() => indexUpdate({}, { LocalSecondaryIndexes: [] })).toThrow('Local secondary indexes');
  });
});

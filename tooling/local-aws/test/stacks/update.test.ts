import { describe, expect, it, vi } from 'vitest';
import { deployFixture, functionOf, seeing, writeAssembly } from '../fixture-assembly.ts';
import type { FixtureDeployment, FixtureStack } from '../fixture-assembly.ts';

type Resources = FixtureStack['resources'];

const TABLE = {
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  },
};
const INDEXED = {
  ...TABLE,
  Properties: {
    ...TABLE.Properties,
    AttributeDefinitions: ['id', 'due'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    GlobalSecondaryIndexes: [
      {
        IndexName: 'due',
        KeySchema: [{ AttributeName: 'due', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  },
};
const queue = (Properties: Record<string, unknown> = {}, attributes: object = {}) => ({
  Type: 'AWS::SQS::Queue',
  Properties,
  ...attributes,
});
/** A function whose code is missing, so that it cannot be created. */
const FAILING = functionOf('missing');
const URL_OUTPUT = { Url: { Value: { Ref: 'Queue' } } };

async function deployTwice(first: FixtureStack, second: FixtureStack): Promise<FixtureDeployment> {
  const deployment = await deployFixture(first);
  await update(deployment, second);
  return deployment;
}

async function update(deployment: FixtureDeployment, stack: FixtureStack): Promise<void> {
  await deployment.update(await writeAssembly(stack));
}

async function put(
  deployment: FixtureDeployment,
  table: string,
  item: Record<string, string>,
): Promise<void> {
  const Item = Object.fromEntries(Object.entries(item).map(([name, value]) => [name, { S: value }]));
  await deployment.dynamodb('PutItem', { TableName: deployment.ids().get(table), Item });
}

async function countIn(deployment: FixtureDeployment, tableName: string | undefined): Promise<unknown> {
  const answer = await deployment.dynamodb('Scan', { TableName: tableName, Select: 'COUNT' });
  return (answer as { Count: number }).Count;
}

async function attributeOf(deployment: FixtureDeployment, queueUrl: string, name: string): Promise<unknown> {
  const answer = await deployment.sqs('GetQueueAttributes', { QueueUrl: queueUrl, AttributeNames: ['All'] });
  return (answer as { Attributes: Record<string, string> }).Attributes[name];
}

const without = (resources: Resources, id: string): Resources =>
  Object.fromEntries(Object.entries(resources).filter(([logicalId]) => logicalId !== id));

// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
describe('a second deployment', () => {
  it('keeps the items of a table that gets an index, and finds them by it', async () => {
    const deployment = await deployFixture({ resources: { Table: TABLE } });
    await put(deployment, 'Table', { id: '1', due: 'now' });
    const tableName = deployment.ids().get('Table');

    await update(deployment, { resources: { Table: INDEXED } });

    const found = await deployment.dynamodb('Query', {
      TableName: tableName,
      IndexName: 'due',
      KeyConditionExpression: 'due = :due',
      ExpressionAttributeValues: { ':due': { S: 'now' } },
    });
    expect(found).toMatchObject({ Count: 1 });
    expect(deployment.ids().get('Table')).toBe(tableName);
    expect(deployment.stackStatus('Stack')).toBe('UPDATE_COMPLETE');
  });

  it('keeps the messages of a queue whose settings change, and resets what the template leaves out', async () => {
    const before = {
      resources: { Queue: queue({ VisibilityTimeout: 50, DelaySeconds: 1 }) },
      outputs: URL_OUTPUT,
    };
    const deployment = await deployFixture(before);
    const url = deployment.output('Url');
    await deployment.sqs('SendMessage', { QueueUrl: url, MessageBody: 'kept' });

    await update(deployment, { resources: { Queue: queue({ VisibilityTimeout: 60 }) }, outputs: URL_OUTPUT });

    expect(deployment.output('Url')).toBe(url);
    expect(await attributeOf(deployment, url, 'VisibilityTimeout')).toBe('60');
    expect(await attributeOf(deployment, url, 'DelaySeconds')).toBe('0');
    const { Messages } = (await deployment.sqs('ReceiveMessage', { QueueUrl: url, WaitTimeSeconds: 2 })) as {
      Messages: { Body: string }[];
    };
    expect(Messages.map(({ Body }) => Body)).toEqual(['kept']);
  });

  it('keeps a secret’s value', { tags: ['long'] }, async () => {
    const secret = (Description: string) => ({
      resources: { Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { Description } } },
    });
    const deployment = await deployFixture(secret('one'));
    const arn = deployment.ids().get('Secret') ?? '';
    deployment.setSecretValue(arn, 'value');

    await update(deployment, secret('two'));

    const answer = await fetch(deployment.endpoints.secretsManager, {
      method: 'POST',
      headers: { 'x-amz-target': 'secretsmanager.GetSecretValue' },
      body: JSON.stringify({ SecretId: arn }),
    });
    expect(await answer.json()).toMatchObject({ SecretString: 'value' });
  });

  it(
    'replaces a resource for a property that cannot change, and deletes the old one',
    { tags: ['long'] },
    async () => {
      const deployment = await deployFixture({ resources: { Queue: queue() }, outputs: URL_OUTPUT });
      const old = deployment.output('Url');

      await update(deployment, { resources: { Queue: queue({ FifoQueue: true }) }, outputs: URL_OUTPUT });

      expect(deployment.output('Url')).not.toBe(old);
      await expect(attributeOf(deployment, old, 'QueueArn')).rejects.toThrow('does not exist');
    },
  );

  it(
    'keeps both the old resource and the new one if UpdateReplacePolicy says so',
    { tags: ['long'] },
    async () => {
      const retained = { UpdateReplacePolicy: 'Retain' };
      const deployment = await deployFixture({
        resources: { Queue: queue({}, retained) },
        outputs: URL_OUTPUT,
      });
      const old = deployment.output('Url');

      await update(deployment, {
        resources: { Queue: queue({ FifoQueue: true }, retained) },
        outputs: URL_OUTPUT,
      });

      expect(await attributeOf(deployment, old, 'QueueArn')).toMatch(/Stack-Queue/);
    },
  );

  it('updates references to a replaced resource', { tags: ['long'] }, async () => {
    const stack = (name: string) => ({
      code: { worker: seeing('see(process.env.QUEUE)') },
      resources: {
        Queue: queue({ QueueName: name }),
        Worker: functionOf('worker', { Environment: { Variables: { QUEUE: { Ref: 'Queue' } } } }),
      },
    });
    const deployment = await deployFixture(stack('one'));
    await deployment.invoke('Worker', {});

    await update(deployment, stack('two'));
    await deployment.invoke('Worker', {});

    expect(deployment.seen()).toEqual([expect.stringMatching(/\/one$/), expect.stringMatching(/\/two$/)]);
  });

  it(
    'deletes what the template no longer contains, except what its policy retains',
    { tags: ['long'] },
    async () => {
      const policies = ['Delete', 'Retain', 'RetainExceptOnCreate'] as const;
      const resources = Object.fromEntries(
        policies.map((DeletionPolicy) => [DeletionPolicy, queue({}, { DeletionPolicy })]),
      );
      const deployment = await deployFixture({ resources });
      const urls = [...deployment.ids().values()];

      await update(deployment, { resources: {} });

      const left = await Promise.all(
        urls.map((url) =>
          attributeOf(deployment, url, 'QueueArn').then(
            () => 'kept',
            () => 'deleted',
          ),
        ),
      );
      expect(left).toEqual(['deleted', 'kept', 'kept']);
      expect(deployment.ids()).toEqual(new Map());
    },
  );

  it('leaves a table behind that is protected from deletion', { tags: ['long'] }, async () => {
    const Properties = { ...TABLE.Properties, DeletionProtectionEnabled: true };
    const deployment = await deployFixture({ resources: { Table: { ...TABLE, Properties } } });
    await put(deployment, 'Table', { id: '1' });
    const tableName = deployment.ids().get('Table');

    await update(deployment, { resources: {} });

    expect(await countIn(deployment, tableName)).toBe(1);
    expect(deployment.stackStatus('Stack')).toBe('UPDATE_COMPLETE');
  });

  it('does not create a table with the name of one that it has left behind', { tags: ['long'] }, async () => {
    const named = {
      ...TABLE,
      DeletionPolicy: 'Retain',
      Properties: { ...TABLE.Properties, TableName: 'ledger' },
    };
    const deployment = await deployTwice({ resources: { Table: named } }, { resources: {} });

    await expect(update(deployment, { resources: { Table: named } })).rejects.toThrow(
      'ledger already exists.',
    );
  });

  it('gives later messages to new code, through the same mapping', { tags: ['long'] }, async () => {
    const stack = (version: string) => ({
      code: { [version]: seeing(`see('${version} ' + event.Records[0].body)`) },
      resources: {
        Queue: queue(),
        Worker: functionOf(version),
        Mapping: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: {
            FunctionName: { Ref: 'Worker' },
            EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
          },
        },
      },
      outputs: URL_OUTPUT,
    });
    const deployment = await deployFixture(stack('one'));
    const send = (body: string) =>
      deployment.sqs('SendMessage', { QueueUrl: deployment.output('Url'), MessageBody: body });
    await send('a');
    await vi.waitFor(() => {
      expect(deployment.seen()).toEqual(['one a']);
    }, 30_000);

    await update(deployment, stack('two'));
    await send('b');

    await vi.waitFor(() => {
      expect(deployment.seen()).toEqual(['one a', 'two b']);
    }, 30_000);
  });

  it(
    'continues in a stream where the mapping was, however its settings change',
    { tags: ['long'] },
    async () => {
      const stack = (BatchSize: number) => ({
        code: { reader: seeing('see(event.Records.map((record) => record.dynamodb.Keys.id.S))') },
        resources: {
          Table: {
            ...TABLE,
            Properties: { ...TABLE.Properties, StreamSpecification: { StreamViewType: 'KEYS_ONLY' } },
          },
          Reader: functionOf('reader'),
          Mapping: {
            Type: 'AWS::Lambda::EventSourceMapping',
            Properties: {
              FunctionName: { Ref: 'Reader' },
              EventSourceArn: { 'Fn::GetAtt': ['Table', 'StreamArn'] },
              StartingPosition: 'TRIM_HORIZON',
              BatchSize,
            },
          },
        },
      });
      const deployment = await deployFixture(stack(10));
      await put(deployment, 'Table', { id: '1' });
      await vi.waitFor(() => {
        expect(deployment.seen()).toEqual([['1']]);
      }, 30_000);

      await update(deployment, stack(5));
      await put(deployment, 'Table', { id: '2' });

      await vi.waitFor(() => {
        expect(deployment.seen()).toEqual([['1'], ['2']]);
      }, 30_000);
    },
  );

  it('deletes a schedule that the template no longer contains', { tags: ['long'] }, async () => {
    const worker = { Worker: functionOf('worker') };
    const nightly = {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        FlexibleTimeWindow: { Mode: 'OFF' },
        ScheduleExpression: 'rate(1 day)',
        Target: { Arn: { 'Fn::GetAtt': ['Worker', 'Arn'] }, RoleArn: 'arn:aws:iam::000000000000:role/any' },
      },
    };
    const code = { worker: seeing(`see('fired')`) };
    const deployment = await deployFixture({ code, resources: { ...worker, Nightly: nightly } });
    await deployment.runSchedule('Nightly');

    await update(deployment, { code, resources: worker });

    await expect(deployment.runSchedule('Nightly')).rejects.toThrow('There is no schedule Nightly.');
  });
});

describe('a second deployment that fails', () => {
  it('restores settings, replaced resources and deleted ones, and reports it', async () => {
    const first = {
      resources: { Queue: queue({ VisibilityTimeout: 50 }), Other: queue(), Gone: queue(), Table: TABLE },
      outputs: URL_OUTPUT,
    };
    const deployment = await deployFixture(first);
    const ids = deployment.ids();
    await put(deployment, 'Table', { id: '1' });

    const updating = update(deployment, {
      resources: {
        Queue: queue({ VisibilityTimeout: 60 }),
        Other: queue({ FifoQueue: true }),
        New: queue(),
        Table: INDEXED,
        Failing: { ...FAILING, DependsOn: ['Queue', 'Other', 'New', 'Table'] },
      },
    });

    await expect(updating).rejects.toThrow('The assembly has no asset missing.zip.');
    expect(deployment.stackStatus('Stack')).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(deployment.ids()).toEqual(ids);
    expect(await attributeOf(deployment, deployment.output('Url'), 'VisibilityTimeout')).toBe('50');
    expect(await attributeOf(deployment, ids.get('Gone') ?? '', 'QueueArn')).toMatch(/Gone/);
    expect(await countIn(deployment, ids.get('Table'))).toBe(1);
  });

  it.each([
    ['Delete', 'deleted'],
    ['RetainExceptOnCreate', 'deleted'],
    ['Retain', 'kept'],
  ])('has a new table with the policy %s %s', async (DeletionPolicy, outcome) => {
    const deployment = await deployFixture({ resources: {} });
    const table = { ...TABLE, DeletionPolicy, Properties: { ...TABLE.Properties, TableName: 'ledger' } };

    const updating = update(deployment, {
      resources: { Table: table, Failing: { ...FAILING, DependsOn: 'Table' } },
    });

    await expect(updating).rejects.toThrow('missing.zip');
    const found = await countIn(deployment, 'ledger').then(
      () => 'kept',
      () => 'deleted',
    );
    expect(found).toBe(outcome);
  });

  it('can be repeated without the failing part', async () => {
    const deployment = await deployFixture({ resources: { Queue: queue() }, outputs: URL_OUTPUT });
    const failing = { resources: { Queue: queue({ VisibilityTimeout: 60 }), Failing: FAILING } };
    await expect(update(deployment, failing)).rejects.toThrow('missing.zip');

    await update(deployment, { resources: without(failing.resources, 'Failing'), outputs: URL_OUTPUT });

    expect(deployment.stackStatus('Stack')).toBe('UPDATE_COMPLETE');
    expect(await attributeOf(deployment, deployment.output('Url'), 'VisibilityTimeout')).toBe('60');
  });

  it('keeps running the functions of the first one', { tags: ['long'] }, async () => {
    const deployment = await deployFixture({
      code: { one: seeing(`see('one')`) },
      resources: { Worker: functionOf('one') },
    });
    const second = {
      code: { two: seeing(`see('two')`) },
      resources: { Worker: functionOf('two'), Failing: { ...FAILING, DependsOn: 'Worker' } },
    };
    await expect(update(deployment, second)).rejects.toThrow('missing.zip');

    await deployment.invoke('Worker', {});

    expect(deployment.seen()).toEqual(['one']);
  });
});

describe('a second deployment is refused, and changes nothing,', () => {
  it.each<[string, FixtureStack, FixtureStack, RegExp]>([
    [
      'for a custom-named resource that would be replaced',
      { resources: { Table: { ...TABLE, Properties: { ...TABLE.Properties, TableName: 'ledger' } } } },
      {
        resources: {
          Table: {
            ...TABLE,
            Properties: {
              ...TABLE.Properties,
              TableName: 'ledger',
              AttributeDefinitions: [{ AttributeName: 'key', AttributeType: 'S' }],
              KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }],
            },
          },
        },
      },
      /CloudFormation cannot update a stack when a custom-named resource requires replacing/,
    ],
    [
      'for another type under the same logical id',
      { resources: { One: queue() } },
      { resources: { One: TABLE } },
      /Update of resource type is not permitted.*\[One\]/,
    ],
    [
      'for two indexes at once',
      { resources: { One: TABLE } },
      {
        resources: {
          One: {
            ...TABLE,
            Properties: {
              ...INDEXED.Properties,
              GlobalSecondaryIndexes: ['one', 'two'].map((IndexName) => ({
                ...INDEXED.Properties.GlobalSecondaryIndexes[0],
                IndexName,
              })),
            },
          },
        },
      },
      /Cannot perform more than one GSI creation or deletion in a single update/,
    ],
  ])('%s', { tags: ['long'] }, async (_case, first, second, message) => {
    const deployment = await deployFixture(first);
    const ids = deployment.ids();

    await expect(update(deployment, second)).rejects.toThrow(message);

    expect(deployment.ids()).toEqual(ids);
  });
});

// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-delete-stack.html
describe('a deleted stack', () => {
  it('takes its resources with it, except what its policy retains', { tags: ['long'] }, async () => {
    const deployment = await deployFixture({
      resources: { Kept: { ...TABLE, DeletionPolicy: 'RetainExceptOnCreate' }, Queue: queue() },
    });
    await put(deployment, 'Kept', { id: '1' });
    const ids = deployment.ids();

    await deployment.deleteStack('Stack');

    expect(deployment.stackStatus('Stack')).toBeUndefined();
    expect(await countIn(deployment, ids.get('Kept'))).toBe(1);
    await expect(attributeOf(deployment, ids.get('Queue') ?? '', 'QueueArn')).rejects.toThrow(
      'does not exist',
    );
  });

  it('is refused under termination protection', { tags: ['long'] }, async () => {
    const deployment = await deployFixture({ resources: { Queue: queue() }, isProtected: true });

    await expect(deployment.deleteStack('Stack')).rejects.toThrow('while TerminationProtection is enabled');
  });
});

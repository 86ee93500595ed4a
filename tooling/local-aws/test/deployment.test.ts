// @module-tag long
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { deployAssembly } from '../deployment.ts';
import { RESOURCE_DEFINITIONS } from '../resource-registry.ts';
import { childProcesses } from './child-processes.ts';
import { synthesizeEverything } from './everything-app.ts';
import { deployFixture, functionOf, seeing, writeAssembly } from './fixture-assembly.ts';
import { temporaryDirectory } from './fixture-function.ts';
import { textLike } from './match.ts';

describe('a deployed CDK app', () => {
  it('takes an order from the queue through table and stream to the bus, by the AWS SDK in the functions', async () => {
    const deployment = await deployEverything();
    const outputs = deployment.outputs.get('Everything') ?? {};
    deployment.setSecretValue(outputs['SecretArn'] ?? '', 'key-1');

    await deployment.sendOrder('order-1');
    await deployment.untilQueueIdle(outputs['QueueUrl'] ?? '');
    await vi.waitFor(() => {
      expect(deployment.busEvents()).toHaveLength(1);
    }, 120_000);

    expect(deployment.busEvents()).toEqual([
      {
        busName: textLike(/^EverythingBus/),
        id: textLike(/^[0-9a-f-]{36}$/),
        time: textLike(/Z$/),
        source: 'orders',
        detailType: 'INSERT',
        detail: { id: 'order-1', secret: 'key-1', buttonUrl: 'http://override' },
      },
    ]);
    expect(deployment.metrics()).toMatchObject([
      { functionLogicalId: textLike(/^Worker/), document: { Orders: 1 } },
    ]);
  });

  it('deploys every type on the list, and says where each resource is in the app', async () => {
    const { resources, outputs } = await deployEverything();

    expect(new Set(resources.map(({ type }) => type))).toEqual(new Set(RESOURCE_DEFINITIONS.keys()));
    expect(resources.find(({ constructPath }) => constructPath === 'Everything/Queue/Resource')).toEqual({
      stack: 'Everything',
      logicalId: textLike(/^Queue/),
      constructPath: 'Everything/Queue/Resource',
      type: 'AWS::SQS::Queue',
      physicalId: outputs.get('Everything')?.['QueueUrl'],
    });
  });

  it('answers over HTTP and runs a schedule on demand', async () => {
    const deployment = await deployEverything();
    const { logicalId = '' } =
      deployment.resources.find(({ type }) => type === 'AWS::Scheduler::Schedule') ?? {};

    const response = await fetch(`${deployment.outputs.get('Everything')?.['ApiUrl'] ?? ''}/worker`, {
      method: 'POST',
    });
    const scheduled = await deployment.runSchedule(logicalId);

    expect([response.status, await response.json()]).toEqual([200, { handled: 'POST /worker' }]);
    expect(scheduled).toEqual({ status: 'succeeded', payload: { handled: 'nightly' } });
  });
});

describe('a deployment', () => {
  it('writes the output of each function to its own file', async () => {
    const stateDirectory = await temporaryDirectory();
    const deployment = await deployFixture(
      { code: { talker: seeing(`see('hello');`) }, resources: { Talker: functionOf('talker') } },
      { stateDirectory },
    );

    await deployment.invoke('Talker', {});
    await deployment.close();

    expect(await readFile(join(stateDirectory, 'logs', 'Talker.log'), 'utf8')).toBe('seen "hello"\n');
  });

  it('runs in the region of the stacks', async () => {
    const stack = { resources: {}, outputs: { Region: { Value: { Ref: 'AWS::Region' } } } };
    const assemblyDirectory = await writeAssembly(stack);
    const manifestFile = join(assemblyDirectory, 'manifest.json');
    const manifest = await readFile(manifestFile, 'utf8');
    await writeFile(
      manifestFile,
      manifest.replace('unknown-account/unknown-region', '123456789012/eu-central-1'),
    );

    const deployment = await deployFixture(stack, { assemblyDirectory });

    expect(deployment.output('Region')).toBe('eu-central-1');
  });

  it('leaves out what its conditions exclude', async () => {
    const deployment = await deployFixture({
      sections: {
        Parameters: { Stage: { Type: 'String', Default: 'test' } },
        Conditions: { IsLive: { 'Fn::Equals': [{ Ref: 'Stage' }, 'live'] } },
      },
      resources: {
        Always: { Type: 'AWS::SQS::Queue' },
        OnlyLive: { Type: 'AWS::SQS::Queue', Condition: 'IsLive' },
      },
    });

    expect(deployment.resources.map(({ logicalId }) => logicalId)).toEqual(['Always']);
  });

  it('leaves no process behind when it is closed', async () => {
    const deployment = await deployFixture(
      { code: { worker: seeing('') }, resources: { Worker: functionOf('worker') } },
      { services: 'emulators' },
    );
    await deployment.invoke('Worker', {});
    expect(programs()).toHaveLength(3);

    await deployment.close();

    expect(programs()).toEqual([]);
  });

  it('closes in the middle of its work, with more to run than environments to run it', async () => {
    const arn = { 'Fn::GetAtt': ['Queue', 'Arn'] };
    const deployment = await deployFixture({
      code: { stuck: seeing(`see('started'); await new Promise(() => setInterval(() => {}, 1000));`) },
      resources: {
        Queue: { Type: 'AWS::SQS::Queue' },
        Stuck: functionOf('stuck', { Timeout: 30 }),
        Mapping: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: {
            FunctionName: { Ref: 'Stuck' },
            EventSourceArn: arn,
            BatchSize: 1,
            ScalingConfig: { MaximumConcurrency: 40 },
          },
        },
      },
      outputs: { Url: { Value: { Ref: 'Queue' } } },
    });
    for (let count = 0; count < 40; count += 1) {
      await deployment.sqs('SendMessage', { QueueUrl: deployment.output('Url'), MessageBody: String(count) });
    }
    await vi.waitFor(() => {
      expect(deployment.seen()).toHaveLength(10);
    }, 120_000);

    await deployment.close();

    expect(programs()).toEqual([]);
  });

  it('reports the death of an emulator', async () => {
    const deployment = await deployFixture({ resources: {} }, { services: 'emulators' });

    process.kill(emulatorPid(), 'SIGKILL');

    await expect(deployment.failed).rejects.toThrow('The DynamoDB emulator ended (SIGKILL)');
  });
});

describe('a deployment is refused, and nothing is left of it,', () => {
  it.each([
    [
      'for resource types that are not on the list, all of them named',
      { resources: { A: { Type: 'AWS::S3::Bucket' }, B: { Type: 'AWS::EC2::VPC' } } },
      /Stack Stack, resource A: type AWS::S3::Bucket is not supported locally\.\n.*resource B: type AWS::EC2::VPC/,
    ],
    [
      'for a property that is not on the type’s lists',
      { resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: { Colour: 'red' } } } },
      /Stack Stack, resource Queue \(AWS::SQS::Queue\): property Colour is not supported locally/,
    ],
    [
      'for a nested property that is not on the type’s lists',
      {
        resources: {
          Queue: {
            Type: 'AWS::SQS::Queue',
            Properties: { RedrivePolicy: { deadLetterTargetArn: 'a', maxReceiveCount: 1, more: 1 } },
          },
        },
      },
      /property RedrivePolicy\.more is not supported locally/,
    ],
    [
      'for an attribute that CloudFormation would act on',
      { resources: { Queue: { Type: 'AWS::SQS::Queue', UpdatePolicy: {} } } },
      /UpdatePolicy/,
    ],
    [
      'for a value from another stack',
      {
        resources: {
          Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { 'Fn::ImportValue': 'x' } } },
        },
      },
      /resource Queue \(AWS::SQS::Queue\): property QueueName: .*No export named x found/,
    ],
    [
      'for a section that is not understood',
      { resources: {}, sections: { Transform: 'AWS::Serverless-2016-10-31' } },
      /Transform/,
    ],
  ])('%s', async (_case, stack, message) => {
    const deploying = deployFixture(stack);

    await expect(deploying).rejects.toThrow(message);
    expect(programs()).toEqual([]);
  });

  it('for an override of an unknown function', async () => {
    const deploying = deployFixture(
      { code: { worker: seeing('') }, resources: { Worker: functionOf('worker') } },
      { environmentOverrides: { TYPO_URL: 'http://x' } },
    );

    await expect(deploying).rejects.toThrow('No function has the environment variables TYPO_URL.');
    expect(programs()).toEqual([]);
  });
});

const sdk = (name: string) => JSON.stringify(createRequire(import.meta.url).resolve(`@aws-sdk/${name}`));

const WORKER = `
const { DynamoDBClient, PutItemCommand } = require(${sdk('client-dynamodb')});
const { SecretsManagerClient, GetSecretValueCommand } = require(${sdk('client-secrets-manager')});
const tables = new DynamoDBClient();
const secrets = new SecretsManagerClient();
exports.handler = async (event) => {
  if (event.nightly) return { handled: 'nightly' };
  if (event.routeKey) return { handled: event.routeKey };
  const { SecretString: secret } = await secrets.send(new GetSecretValueCommand({ SecretId: process.env.SECRET }));
  for (const { body } of event.Records) {
    const Item = { id: { S: body }, secret: { S: secret }, buttonUrl: { S: process.env.BUTTON_API_URL } };
    await tables.send(new PutItemCommand({ TableName: process.env.TABLE, Item }));
  }
  const Metrics = [{ Name: 'Orders', Unit: 'Count' }];
  const _aws = { Timestamp: Date.now(), CloudWatchMetrics: [{ Namespace: 'Test', Dimensions: [[]], Metrics }] };
  process.stdout.write(JSON.stringify({ _aws, Orders: event.Records.length }) + '\\n');
};`;

const PUBLISHER = `
const { EventBridgeClient, PutEventsCommand } = require(${sdk('client-eventbridge')});
const bus = new EventBridgeClient();
exports.handler = async (event) => {
  const Entries = event.Records.map(({ eventName, dynamodb: { NewImage } }) => ({
    EventBusName: process.env.BUS, Source: 'orders', DetailType: eventName,
    Detail: JSON.stringify(Object.fromEntries(Object.entries(NewImage).map(([name, value]) => [name, value.S]))) }));
  await bus.send(new PutEventsCommand({ Entries }));
};`;

async function deployEverything() {
  const directory = await temporaryDirectory();
  for (const [name, code] of [
    ['worker', WORKER],
    ['publisher', PUBLISHER],
  ] as const) {
    await mkdir(join(directory, name));
    await writeFile(join(directory, name, 'index.js'), code);
  }
  const assemblyDirectory = join(directory, 'cdk.out');
  synthesizeEverything(assemblyDirectory, directory);
  const deployment = await deployAssembly({
    assemblyDirectory,
    stateDirectory: join(directory, 'state'),
    environmentOverrides: { BUTTON_API_URL: 'http://override' },
  });
  onTestFinished(() => deployment.close());

  const sendOrder = async (id: string) => {
    const { SQSClient, SendMessageCommand } = await import('@aws-sdk/client-sqs');
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const client = new SQSClient({ endpoint: deployment.endpoints.sqs, region: 'us-east-1', credentials });
    await client.send(
      new SendMessageCommand({
        QueueUrl: deployment.outputs.get('Everything')?.['QueueUrl'],
        MessageBody: id,
        MessageGroupId: id,
        MessageDeduplicationId: id,
      }),
    );
    client.destroy();
  };
  return { ...deployment, sendOrder };
}

function programs(): string[] {
  return childProcesses().map(({ program }) => program);
}

function emulatorPid(): number {
  const emulator = childProcesses().find(({ program }) => program === 'dynoxide');
  if (emulator === undefined) throw new Error('There is no emulator.');
  return emulator.pid;
}

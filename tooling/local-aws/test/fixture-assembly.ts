import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { deployAssembly } from '../deployment.ts';
import type { DeploymentOptions, LocalDeployment } from '../deployment.ts';
import { awsJsonClient } from '../emulators/aws-json-client.ts';
import { temporaryDirectory } from './fixture-function.ts';

/** A hand-written stack, and the code of its functions by asset name. */
export type FixtureStack = {
  resources: Record<
    string,
    { Type: string; Properties?: Record<string, unknown>; [attribute: string]: unknown }
  >;
  outputs?: Record<string, { Value: unknown; Export?: { Name: string } }>;
  sections?: Record<string, unknown>;
  code?: Record<string, string>;
  isProtected?: boolean;
};

/** Writes a cloud assembly with one stack called `Stack`, in the format of `cdk synth`. */
export async function writeAssembly({
  resources,
  outputs,
  sections,
  code = {},
  isProtected = false,
}: FixtureStack): Promise<string> {
  const directory = await temporaryDirectory();
  const writeJson = (name: string, content: unknown) =>
    writeFile(join(directory, name), JSON.stringify(content));

  await writeJson('manifest.json', {
    version: '55.0.0',
    artifacts: {
      'Stack.assets': { type: 'cdk:asset-manifest', properties: { file: 'Stack.assets.json' } },
      Stack: {
        type: 'aws:cloudformation:stack',
        environment: 'aws://unknown-account/unknown-region',
        properties: { templateFile: 'Stack.template.json', terminationProtection: isProtected },
        dependencies: ['Stack.assets'],
      },
    },
  });
  await writeJson('Stack.template.json', {
    ...sections,
    Resources: resources,
    ...(outputs && { Outputs: outputs }),
  });
  await writeJson('Stack.assets.json', {
    version: '55.0.0',
    files: Object.fromEntries(
      Object.keys(code).map((name) => [
        name,
        {
          source: { path: `asset.${name}`, packaging: 'zip' },
          destinations: { here: { bucketName: 'assets', objectKey: `${name}.zip` } },
        },
      ]),
    ),
  });
  for (const [name, source] of Object.entries(code)) {
    await mkdir(join(directory, `asset.${name}`));
    await writeFile(join(directory, `asset.${name}`, 'index.js'), source);
  }
  return directory;
}

/** A function resource for the asset `name`. */
export function functionOf(name: string, properties: Record<string, unknown> = {}) {
  return {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Code: { S3Bucket: 'assets', S3Key: `${name}.zip` },
      Role: 'arn:aws:iam::000000000000:role/any',
      ...properties,
    },
  };
}

/** A deployment, and the output of its functions. */
export type FixtureDeployment = LocalDeployment & {
  lines: string[];
  /** The values that functions printed as `seen <JSON>`. */
  seen(): unknown[];
  output(name: string): string;
  /** The current physical id of each resource, by its logical id. */
  ids(): Map<string, string>;
  sqs: ReturnType<typeof awsJsonClient>;
  dynamodb: ReturnType<typeof awsJsonClient>;
};

/** Deploys the stack until the test ends. */
export async function deployFixture(
  stack: FixtureStack,
  options: Partial<DeploymentOptions> = {},
): Promise<FixtureDeployment> {
  const lines: string[] = [];
  const deployment = await deployAssembly({
    assemblyDirectory: await writeAssembly(stack),
    stateDirectory: await temporaryDirectory(),
    environmentOverrides: {},
    onLog: ({ line }) => lines.push(line),
    ...options,
  });
  onTestFinished(() => deployment.close());

  const { endpoints } = deployment;
  return {
    ...deployment,
    lines,
    seen: () =>
      lines.filter((line) => line.startsWith('seen ')).map((line): unknown => JSON.parse(line.slice(5))),
    output: (name) => deployment.outputs.get('Stack')?.[name] ?? '',
    ids: () => new Map(deployment.resources.map(({ logicalId, physicalId }) => [logicalId, physicalId])),
    sqs: awsJsonClient({ endpoint: endpoints.sqs, service: 'AmazonSQS', region: 'us-east-1' }),
    dynamodb: awsJsonClient({
      endpoint: endpoints.dynamodb,
      service: 'DynamoDB_20120810',
      region: 'us-east-1',
    }),
  };
}

/** Function code that prints the value of `expression` on `event`. */
export function seeing(expression: string): string {
  return `const see = (value) => process.stdout.write('seen ' + JSON.stringify(value) + '\\n');
exports.handler = async (event) => { ${expression} };`;
}

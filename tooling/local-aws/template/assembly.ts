import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { parseTemplate } from './template.ts';
import type { Template } from './template.ts';

/** A stack of a cloud assembly. */
export type Stack = {
  name: string;
  template: Template;
  /** Whether CloudFormation refuses to delete the stack. */
  isProtected: boolean;
  /** From logical id to the construct's path in the app, for example `Orders/Queue/Resource`. */
  constructPaths: ReadonlyMap<string, string>;
};

/** What `cdk synth` left behind. */
export type Assembly = {
  /** In an order in which each stack follows those it depends on. */
  stacks: Stack[];
  /** From the object key that a template uses (`S3Key`) to the directory with the content. */
  assetDirectories: ReadonlyMap<string, string>;
  /** The region that the stacks are bound to, if any. */
  region: string | undefined;
};

const ManifestSchema = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      environment: z.string().optional(),
      dependencies: z.array(z.string()).default([]),
      additionalMetadataFile: z.string().optional(),
      properties: z
        .object({
          templateFile: z.string().optional(),
          file: z.string().optional(),
          stackName: z.string().optional(),
          terminationProtection: z.boolean().default(false),
        })
        .default({ terminationProtection: false }),
    }),
  ),
});
type Artifact = z.infer<typeof ManifestSchema>['artifacts'][string];

const AssetManifestSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.object({ path: z.string(), packaging: z.string() }),
      destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
    }),
  ),
});

const MetadataSchema = z.record(z.string(), z.array(z.object({ type: z.string(), data: z.unknown() })));

/**
 * Reads a cloud assembly. Throws when it holds what cannot be deployed locally (nested assemblies, odd
 * templates).
 */
export async function readAssembly(directory: string): Promise<Assembly> {
  const { artifacts } = ManifestSchema.parse(await readJson(directory, 'manifest.json'));
  const all = Object.entries(artifacts);
  if (all.some(([, { type }]) => type === 'cdk:cloud-assembly')) {
    throw new Error(
      'The app has CDK stages (nested assemblies); only stacks directly under the app can be deployed.',
    );
  }

  const stackArtifacts = inDependencyOrder(all.filter(([, { type }]) => type === 'aws:cloudformation:stack'));
  const assetFiles = all.filter(([, { type }]) => type === 'cdk:asset-manifest');
  return {
    stacks: await Promise.all(stackArtifacts.map(([id, artifact]) => readStack(directory, id, artifact))),
    assetDirectories: new Map(
      (await Promise.all(assetFiles.map(([, a]) => readAssets(directory, a)))).flat(),
    ),
    region: theRegion(stackArtifacts.map(([, { environment }]) => environment)),
  };
}

function inDependencyOrder(artifacts: [string, Artifact][]): [string, Artifact][] {
  const ordered: [string, Artifact][] = [];
  const visit = ([id, artifact]: [string, Artifact]) => {
    if (ordered.some(([known]) => known === id)) return;
    artifacts.filter(([other]) => artifact.dependencies.includes(other)).forEach(visit);
    ordered.push([id, artifact]);
  };
  artifacts.forEach(visit);
  return ordered;
}

async function readStack(directory: string, id: string, artifact: Artifact): Promise<Stack> {
  const { templateFile, stackName: name = id, terminationProtection } = artifact.properties;
  if (templateFile === undefined) throw new Error(`Stack ${id} has no template.`);
  const { additionalMetadataFile: file } = artifact;
  return {
    name,
    template: parseTemplate(name, await readJson(directory, templateFile)),
    isProtected: terminationProtection,
    constructPaths: file === undefined ? new Map() : constructPaths(await readJson(directory, file)),
  };
}

function constructPaths(content: unknown): Map<string, string> {
  const paths = new Map<string, string>();
  for (const [path, entries] of Object.entries(MetadataSchema.parse(content))) {
    for (const { type, data } of entries) {
      if (type === 'aws:cdk:logicalId' && typeof data === 'string') paths.set(data, path.replace(/^\//, ''));
    }
  }
  return paths;
}

async function readAssets(directory: string, artifact: Artifact): Promise<[string, string][]> {
  if (artifact.properties.file === undefined) return [];
  const { files } = AssetManifestSchema.parse(await readJson(directory, artifact.properties.file));
  return Object.values(files)
    .filter(({ source }) => source.packaging === 'zip')
    .flatMap(({ source, destinations }) =>
      Object.values(destinations).map(({ objectKey }): [string, string] => [
        objectKey,
        resolve(directory, source.path),
      ]),
    );
}

function theRegion(environments: (string | undefined)[]): string | undefined {
  const regions = new Set(
    environments
      .map((environment) => environment?.split('/').at(-1))
      .filter((region) => region !== undefined && region !== 'unknown-region'),
  );
  if (regions.size > 1)
    throw new Error(`The stacks are bound to several regions: ${[...regions].join(', ')}.`);
  return [...regions][0];
}

async function readJson(directory: string, file: string): Promise<unknown> {
  return JSON.parse(await readFile(join(directory, file), 'utf8'));
}

import { createRequire } from 'node:module';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Metafile } from 'esbuild';
import { describe, expect, it } from 'vitest';

import { bundleFunctions, type BundleFolders } from '../../infra/function-bundles.ts';

function createProject(handlers: Record<string, string>): BundleFolders {
  const root = mkdtempSync(join(tmpdir(), 'button-serverless-'));
  // As in this project: a .js file would be loaded as an ES module here.
  writeFileSync(join(root, 'package.json'), '{"type": "module"}');
  for (const [name, source] of Object.entries(handlers)) {
    mkdirSync(join(root, 'functions', name), { recursive: true });
    writeFileSync(join(root, 'functions', name, 'handler.ts'), source);
  }
  return { functionsFolder: join(root, 'functions'), distFolder: join(root, 'dist') };
}

describe('bundleFunctions', () => {
  it('makes one file of each handler, which is loaded as CommonJS in any folder', async () => {
    const folders = createProject({
      first: `export const handler = async (): Promise<string> => 'first';`,
      second: `import { sep } from 'node:path'; export const handler = async (): Promise<string> => 'second' + sep;`,
    });

    const names = await bundleFunctions(folders);

    const bundle = join(folders.distFolder, 'first', 'index.cjs');
    const { handler } = createRequire(import.meta.url)(bundle) as { handler: () => Promise<string> };
    expect(names).toEqual(['first', 'second']);
    expect(await handler()).toBe('first');
  });

  it('uploads only that file and its entry: source maps without sources and the list of inputs are next to it', async () => {
    const folders = createProject({ first: `export const handler = async () => 'first';` });
    mkdirSync(join(folders.distFolder, 'first'), { recursive: true });
    writeFileSync(join(folders.distFolder, 'first', 'left-over.js'), '');

    await bundleFunctions(folders);

    expect(readdirSync(join(folders.distFolder, 'first'))).toEqual(['index.cjs', 'index.mjs']);
    expect(readFileSync(join(folders.distFolder, 'first', 'index.cjs'), 'utf8')).not.toContain(
      'sourceMappingURL',
    );
    const map: unknown = JSON.parse(readFileSync(join(folders.distFolder, 'maps', 'first.cjs.map'), 'utf8'));
    expect(map).toMatchObject({ version: 3 });
    expect(map).not.toHaveProperty('sourcesContent');
    expect(readdirSync(join(folders.distFolder, 'meta'))).toEqual(['first.json']);
  });

  it('runs the export `prime` of a handler before the handler can be invoked', async () => {
    const folders = createProject({
      primed: `let isPrimed = false;
        export const prime = async (): Promise<void> => { await Promise.resolve(); isPrimed = true; };
        export const handler = async (): Promise<boolean> => isPrimed;`,
      plain: `export const handler = async (): Promise<string> => 'plain';`,
    });

    await bundleFunctions(folders);

    const load = async (name: string) =>
      (await import(join(folders.distFolder, name, 'index.mjs'))) as { handler: () => Promise<unknown> };
    expect(await (await load('primed')).handler()).toBe(true);
    expect(await (await load('plain')).handler()).toBe('plain');
  });

  it('does not touch a file that would be the same, and rewrites one that would not', async () => {
    const folders = createProject({
      same: 'export const handler = 1;',
      changed: 'export const handler = 2;',
    });
    await bundleFunctions(folders);
    const fileOf = (name: string) => join(folders.distFolder, name, 'index.cjs');
    const longAgo = new Date('2020-01-01T00:00:00Z');
    for (const name of ['same', 'changed']) utimesSync(fileOf(name), longAgo, longAgo);
    writeFileSync(join(folders.functionsFolder, 'changed', 'handler.ts'), 'export const handler = 3;');

    await bundleFunctions(folders);

    expect(statSync(fileOf('same')).mtime).toEqual(longAgo);
    expect(statSync(fileOf('changed')).mtime).not.toEqual(longAgo);
  });

  it('refuses a function without a handler, and names it', async () => {
    const folders = createProject({ first: 'export const handler = 1;' });
    mkdirSync(join(folders.functionsFolder, 'unfinished'));

    await expect(bundleFunctions(folders)).rejects.toThrow(/No handler\.ts .*unfinished/);
  });

  it('fails when a handler cannot be bundled', async () => {
    const folders = createProject({ broken: `import './nowhere.ts'; export const handler = 1;` });

    await expect(bundleFunctions(folders)).rejects.toThrow(/nowhere/);
  });
});

/**
 * The most that each function may weigh, in bytes: a little more than it does, so that a new library shows
 * its cost at every cold start. The goal for the webhook receiver is 340,000.
 */
const BUDGETS: Record<string, number> = {
  'customer-expiry': 273_000,
  'deferred-webhooks': 325_000,
  'event-delivery': 263_000,
  'event-publisher': 298_000,
  'order-audit': 296_000,
  'order-reporter': 380_000,
  'personal-data-expiry': 287_000,
  'publisher-api': 285_000,
  'reconciliation-planner': 324_000,
  'retry-sweep': 301_000,
  'transaction-reconciler': 380_000,
  'webhook-receiver': 338_000,
};

/** The most that any function may contain of each package, in bytes. A bundle contains no other package. */
const PACKAGE_BUDGETS: Record<string, number> = {
  "this project's own": 114_500,
  'what stands in for the SDK': 400,
  '@aws-sdk/client-dynamodb': 30_000,
  '@aws-sdk/client-eventbridge': 14_000,
  '@aws-sdk/client-secrets-manager': 12_000,
  '@aws-sdk/client-sqs': 22_000,
  '@aws-sdk/core': 24_000,
  '@aws-sdk/credential-provider-env': 1000,
  '@aws-sdk/dynamodb-codec': 3000,
  '@aws-sdk/middleware-endpoint-discovery': 1000,
  '@aws-sdk/middleware-sdk-sqs': 2000,
  '@aws-sdk/signature-v4-multi-region': 5000,
  '@aws-sdk/util-dynamodb': 5000,
  '@aws/lambda-invoke-store': 3000,
  '@middy/core': 4000,
  '@smithy/core': 92_000,
  '@smithy/node-http-handler': 8000,
  '@smithy/signature-v4': 10_000,
  '@smithy/types': 1000,
  zod: 84_000,
};

/** The modules of Node.js that every function loads when it starts. It loads no others. */
const NODE_MODULES = [
  'async_hooks',
  'crypto',
  'fs',
  'http',
  'https',
  'os',
  'process',
  'stream',
  'timers',
  'timers/promises',
  'zlib',
].map((name) => `node:${name}`);

const FUNCTIONS = join(import.meta.dirname, '..', '..', 'functions');

describe("this project's bundles", async () => {
  const distFolder = join(mkdtempSync(join(tmpdir(), 'button-serverless-')), 'dist');
  const names = await bundleFunctions({
    functionsFolder: FUNCTIONS,
    distFolder,
  });

  it('have a budget each', () => {
    expect(Object.keys(BUDGETS)).toEqual(names);
  });

  it.each(names)('%s stays within it', (name) => {
    expect(statSync(join(distFolder, name, 'index.cjs')).size).toBeLessThan(BUDGETS[name] ?? 0);
  });

  it.each(names)('%s contains no more of any package than allowed', (name) => {
    const held = new Map<string, number>();
    for (const [input, bytes] of inputsOf(distFolder, name)) {
      const owner = input.endsWith('left-out-of-bundles.ts')
        ? 'what stands in for the SDK'
        : (/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? "this project's own");
      held.set(owner, (held.get(owner) ?? 0) + bytes);
    }

    expect([...held].filter(([owner, bytes]) => bytes > (PACKAGE_BUDGETS[owner] ?? 0))).toEqual([]);
  });

  it.each(names)('%s loads no more modules when it starts than allowed', (name) => {
    const [output] = Object.values(metafileOf(distFolder, name).outputs);
    const loaded = output?.imports.flatMap(({ path, external }) => (external ? [path] : [])) ?? [];

    expect(loaded.filter((module) => !NODE_MODULES.includes(module))).toEqual([]);
  });

  it.each(names)('%s contains the clients that its handler names, and no others', (name) => {
    const source = readFileSync(join(FUNCTIONS, name, 'handler.ts'), 'utf8');
    const [, services = ''] = /aws: \{ ([^}]+) \}/.exec(source) ?? [];

    const clients = inputsOf(distFolder, name)
      .filter(([, bytes]) => bytes > 0)
      .flatMap(([path]) => /@aws-sdk\/(client-[a-z-]+)\/.*Client\.js$/.exec(path)?.[1] ?? []);
    expect([...new Set(clients)].sort()).toEqual(services.split(', ').map((service) => CLIENTS[service]));
  });

  it.each(names)('%s contains nothing that never runs on Lambda', (name) => {
    const packages = Object.keys(metafileOf(distFolder, name).inputs);

    expect(packages.filter((input) => DEAD_WEIGHT.test(input))).toEqual([]);
    // Of the SDK's manifests, only their version.
    expect(readFileSync(join(distFolder, name, 'index.cjs'), 'utf8')).not.toContain('devDependencies');
    expect(packages.filter((input) => /zod\/v4\/locales\/(?!en\.)/.test(input))).toEqual([]);
  });
});

function metafileOf(distFolder: string, name: string): Metafile {
  return JSON.parse(readFileSync(join(distFolder, 'meta', `${name}.json`), 'utf8')) as Metafile;
}

/** Every file that a bundle contains a part of, and the number of bytes. */
function inputsOf(distFolder: string, name: string): [string, number][] {
  const outputs = Object.values(metafileOf(distFolder, name).outputs);
  return outputs.flatMap(({ inputs }) =>
    Object.entries(inputs).map(([path, { bytesInOutput }]): [string, number] => [path, bytesInOutput]),
  );
}

/** The packages of the SDK's clients. */
const CLIENTS: Record<string, string> = {
  dynamodb: 'client-dynamodb',
  eventBridge: 'client-eventbridge',
  secretsManager: 'client-secrets-manager',
  sqs: 'client-sqs',
};

/**
 * Credentials from anywhere but the environment, and CommonJS copies of modules, which cannot be tree-shaken.
 */
const DEAD_WEIGHT =
  /@aws-sdk\/nested-clients|@aws-sdk\/credential-provider-(?!env\/)|@smithy\/credential-provider-imds|@(aws-sdk|smithy)\/[^/]+\/dist-cjs/;

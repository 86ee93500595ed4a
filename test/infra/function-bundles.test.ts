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

import { describe, expect, it } from 'vitest';

import { bundleFunctions, type BundleFolders } from '../../infra/function-bundles.ts';

function createProject(handlers: Record<string, string>): BundleFolders {
  const root = mkdtempSync(join(tmpdir(), 'button-serverless-'));
  // As in this project: a .js file would be taken for an ES module here.
  writeFileSync(join(root, 'package.json'), '{"type": "module"}');
  for (const [name, source] of Object.entries(handlers)) {
    mkdirSync(join(root, 'functions', name), { recursive: true });
    writeFileSync(join(root, 'functions', name, 'handler.ts'), source);
  }
  return { functionsFolder: join(root, 'functions'), distFolder: join(root, 'dist') };
}

describe('bundleFunctions', () => {
  it('makes of each handler one file that is loaded as CommonJS wherever it stands', async () => {
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

  it('uploads nothing but that file: source maps without sources and the list of inputs lie beside', async () => {
    const folders = createProject({ first: `export const handler = async () => 'first';` });
    mkdirSync(join(folders.distFolder, 'first'), { recursive: true });
    writeFileSync(join(folders.distFolder, 'first', 'left-over.js'), '');

    await bundleFunctions(folders);

    expect(readdirSync(join(folders.distFolder, 'first'))).toEqual(['index.cjs']);
    expect(readFileSync(join(folders.distFolder, 'first', 'index.cjs'), 'utf8')).not.toContain(
      'sourceMappingURL',
    );
    const map: unknown = JSON.parse(readFileSync(join(folders.distFolder, 'maps', 'first.cjs.map'), 'utf8'));
    expect(map).toMatchObject({ version: 3 });
    expect(map).not.toHaveProperty('sourcesContent');
    expect(readdirSync(join(folders.distFolder, 'meta'))).toEqual(['first.json']);
  });

  it('leaves a file untouched that would be the same, and rewrites one that would not', async () => {
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

  it('fails when a handler can not be bundled', async () => {
    const folders = createProject({ broken: `import './nowhere.ts'; export const handler = 1;` });

    await expect(bundleFunctions(folders)).rejects.toThrow(/nowhere/);
  });
});

import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';

import { bundleFunctions } from '../infra/function-bundles.ts';

const page = readFileSync('CONTRIBUTING.md', 'utf8');
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));

const paths = [...page.matchAll(/(?:`|\]\(|run )((?:functions|shared|infra|test|docs)\/[\w./-]+)/g)].map(
  ([, path = '']) => path,
);
const commands = [...page.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name);

describe('CONTRIBUTING.md', () => {
  it('names existing files and folders', () => {
    expect(paths.length).toBeGreaterThan(15);
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('names existing scripts of package.json', () => {
    expect(commands.length).toBeGreaterThan(3);
    expect(commands.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('shows how a stack trace leads to the sources', { tags: ['long'] }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'button-serverless-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const [, line = ''] = /echo '(.+)' >> dist\/retry-sweep\/index\.cjs/.exec(page) ?? [];
    const [, script = ''] = /node --enable-source-maps -e "(.+)"/.exec(page) ?? [];
    const dist = join(folder, 'dist');
    await bundleFunctions({ functionsFolder: 'functions', distFolder: dist });
    appendFileSync(join(dist, 'retry-sweep/index.cjs'), line);

    const printed = execFileSync(
      process.execPath,
      ['--enable-source-maps', '-e', script.replace('console.error', 'console.log')],
      { cwd: folder, encoding: 'utf8' },
    );

    expect(line).toContain('sourceMappingURL');
    expect(printed).toMatch(/shared\/runtime\/env\.ts:\d+/);
  });
});

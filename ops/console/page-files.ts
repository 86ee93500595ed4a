import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { build } from 'esbuild';

/** A file of the page. */
export type PageFile = { contentType: string; body: string };

const DIRECTORY = join(import.meta.dirname, 'page');

/**
 * The files of the page by their paths. The browser's scripts are TypeScript too: esbuild makes one module
 * from them. Throws if they do not compile.
 */
export async function readPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const [html, style, icon, script] = await Promise.all([
    readFile(join(DIRECTORY, 'index.html'), 'utf8'),
    readFile(join(DIRECTORY, 'style.css'), 'utf8'),
    readFile(join(DIRECTORY, 'icon.svg'), 'utf8'),
    bundleScript(),
  ]);
  return new Map([
    ['/', { contentType: 'text/html; charset=utf-8', body: html }],
    ['/style.css', { contentType: 'text/css; charset=utf-8', body: style }],
    ['/icon.svg', { contentType: 'image/svg+xml', body: icon }],
    ['/page.js', { contentType: 'text/javascript; charset=utf-8', body: script }],
  ]);
}

async function bundleScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(DIRECTORY, 'main.ts')],
    bundle: true,
    format: 'esm',
    target: 'es2023',
    minifySyntax: true,
    minifyWhitespace: true,
    write: false,
    logLevel: 'silent',
  });
  return outputFiles.map(({ text }) => text).join('');
}

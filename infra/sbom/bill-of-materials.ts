import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { BomSchema, type BillOfMaterials } from './bom.ts';
import type { Contents } from './contents.ts';
import { noticesOf } from './notices.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** The package exports its plugin only: what was bundled before is for its command. */
const COMMAND = join(ROOT, 'node_modules/@cyclonedx/cyclonedx-esbuild/bin/cyclonedx-esbuild-cli.js');
const run = promisify(execFile);

/**
 * Writes `<name>.cdx.json`, a CycloneDX document of every package in the contents, and `<name>.notices.txt`,
 * their licences, into the folder. The same contents give the same bytes. Returns the document.
 */
export async function writeBillOfMaterials(
  { name, metafile }: Contents,
  folder: string,
): Promise<BillOfMaterials> {
  await mkdir(folder, { recursive: true });
  const metafilePath = join(folder, `${name}.meta.json`);
  const bomPath = join(folder, `${name}.cdx.json`);
  await writeFile(metafilePath, JSON.stringify(metafile));
  const options = ['--gather-license-texts', '--output-reproducible', '--validate'];
  await run(process.execPath, [COMMAND, ...options, '--output-file', bomPath, metafilePath], { cwd: ROOT });
  await rm(metafilePath);
  const bom = BomSchema.parse(JSON.parse(await readFile(bomPath, 'utf8')));
  await writeFile(join(folder, `${name}.notices.txt`), noticesOf(bom));
  return bom;
}

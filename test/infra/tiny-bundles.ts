import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder with a tiny file for each function, for tests that do not need real bundles. */
export const TINY_BUNDLES_FOLDER = mkdtempSync(join(tmpdir(), 'button-serverless-'));

for (const name of readdirSync(join(import.meta.dirname, '../../functions'))) {
  mkdirSync(join(TINY_BUNDLES_FOLDER, name));
  writeFileSync(join(TINY_BUNDLES_FOLDER, name, 'index.cjs'), `exports.handler = async () => '${name}';`);
}

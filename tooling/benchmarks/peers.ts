import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import * as z from 'zod';

const FOLDER = import.meta.dirname;

/**
 * Installs the packages of the comparison, unless the versions of the lockfile are installed already. Throws
 * if npm fails.
 */
export function installPeers(): void {
  const installed = join(FOLDER, 'node_modules', '.package-lock.json');
  const isCurrent =
    existsSync(installed) &&
    statSync(installed).mtimeMs >= statSync(join(FOLDER, 'package-lock.json')).mtimeMs;
  if (isCurrent) return;
  process.stderr.write('Installing what this project is compared with\n');
  execFileSync('npm', ['ci', '--prefix', FOLDER, '--ignore-scripts', '--no-audit', '--no-fund', '--silent'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

const ManifestSchema = z.object({ dependencies: z.record(z.string(), z.string()) });

/** Versions of the compared libraries, by package. */
export function peerVersions(): Record<string, string> {
  return dependenciesOf(join(FOLDER, 'package.json'));
}

/** Versions of the libraries in this project's functions. */
export function ownVersions(): Record<string, string> {
  const all = dependenciesOf(join(FOLDER, '../..', 'package.json'));
  return Object.fromEntries(IN_FUNCTIONS.flatMap((name) => (all[name] ? [[name, all[name]]] : [])));
}

/** The packages that are bundled into functions; the others deploy or run them. */
const IN_FUNCTIONS = [
  ...['dynamodb', 'eventbridge', 'secrets-manager', 'sqs'].map((service) => `@aws-sdk/client-${service}`),
  ...['@aws-sdk/credential-provider-env', '@aws-sdk/util-dynamodb', '@middy/core', 'zod'],
];

function dependenciesOf(file: string): Record<string, string> {
  return ManifestSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).dependencies;
}

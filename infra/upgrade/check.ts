import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { CONFIGURATIONS } from './configurations.ts';
import { lostState, parseTemplates, type Templates } from './lost-state.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

/** `npm run upgrade:check -- REF`: would stacks that were deployed from the commit lose state by what is in the working tree? */
const ref = process.argv[2] ?? 'HEAD~1';
const commit = await commitOf(ref);
if (commit === undefined) {
  console.error(`There is no commit ${ref}.`);
  process.exit(1);
}
const folder = await mkdtemp(join(tmpdir(), 'button-upgrade-'));
try {
  const deployed = await checkOut(commit, join(folder, 'deployed'));
  const [before, after] = await Promise.all([
    synthesizeAll(deployed, join(folder, 'before')),
    synthesizeAll(ROOT, join(folder, 'after')),
  ]);
  for (const [index, { name }] of CONFIGURATIONS.entries()) {
    const lost = lostState(before[index] ?? new Map(), after[index] ?? new Map());
    console.log(`${name}: ${lost.length === 0 ? 'nothing is lost' : lost.join('\n  ')}`);
    if (lost.length > 0) process.exitCode = 1;
  }
} finally {
  await run('git', ['worktree', 'remove', '--force', join(folder, 'deployed')], { cwd: ROOT }).catch(
    () => undefined,
  );
  await rm(folder, { recursive: true, force: true });
}

async function commitOf(name: string): Promise<string | undefined> {
  return run('git', ['rev-parse', '--verify', '--quiet', `${name}^{commit}`], { cwd: ROOT }).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}

/** The commit's tree with the packages of its own lockfile. */
async function checkOut(commitId: string, tree: string): Promise<string> {
  await run('git', ['worktree', 'add', '--detach', tree, commitId], { cwd: ROOT });
  const [theirs, ours] = await Promise.all(
    [tree, ROOT].map((place) => readFile(join(place, 'package-lock.json'), 'utf8')),
  );
  if (theirs === ours) await symlink(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  else await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: tree });
  return tree;
}

/** The templates of each configuration, as the tree's own code makes them. */
async function synthesizeAll(tree: string, outputFolder: string): Promise<Templates[]> {
  await run(process.execPath, ['infra/bundle.ts'], { cwd: tree });
  const all: Templates[] = [];
  for (const [index, { config }] of CONFIGURATIONS.entries()) {
    const output = `${outputFolder}-${index}`;
    const configFile = `${output}.json`;
    await writeFile(configFile, JSON.stringify(config));
    const env = {
      ...process.env,
      CDK_OUTDIR: output,
      CDK_CONTEXT_JSON: JSON.stringify({ config: configFile }),
    };
    await run(process.execPath, ['infra/app.ts'], { cwd: tree, env });
    all.push(await readTemplates(output));
  }
  return all;
}

async function readTemplates(assembly: string): Promise<Templates> {
  const suffix = '.template.json';
  const files = (await readdir(assembly)).filter((file) => file.endsWith(suffix));
  const templates = await Promise.all(
    files.map(async (file): Promise<[string, unknown]> => [
      file.slice(0, -suffix.length),
      JSON.parse(await readFile(join(assembly, file), 'utf8')),
    ]),
  );
  return parseTemplates(Object.fromEntries(templates));
}

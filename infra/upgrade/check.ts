import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';

import { CONFIGURATIONS } from './configurations.ts';
import { tableChanges } from './existing-tables.ts';
import { lostState } from './lost-state.ts';
import { parseTemplates, type Template, type Templates } from './templates.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

const USAGE = `npm run upgrade:check -- [REF] [--config FILE] [--deployed-config FILE]
  REF                     the commit that is deployed (default: the previous commit)
  --config FILE           the configuration to deploy (default: six configurations of ours)
  --deployed-config FILE  the configuration that is deployed (default: FILE as of that commit)
  --help
`;

/** Would stacks that were deployed from the commit lose state with the working tree? */
const line = readLine();
if (line === 'help') {
  console.log(USAGE);
  process.exit(0);
}
if ('problem' in line) {
  console.error(`${line.problem}\n${USAGE}`);
  process.exit(2);
}
const { ref } = line;
const commit = await commitOf(ref);
if (commit === undefined) {
  console.error(`There is no commit ${ref}.`);
  process.exit(1);
}
const folder = await mkdtemp(join(tmpdir(), 'button-upgrade-'));
try {
  const deployed = await checkOut(commit, join(folder, 'deployed'));
  const compared = await configurationsOf(line, { deployed, folder });
  const [before, after] = await Promise.all([
    synthesizeAll(deployed, { files: compared.map((it) => it.before), output: join(folder, 'before') }),
    synthesizeAll(ROOT, { files: compared.map((it) => it.after), output: join(folder, 'after') }),
  ]);
  for (const [index, { name }] of compared.entries()) {
    const [theirs, ours] = [
      before[index] ?? new Map<string, Template>(),
      after[index] ?? new Map<string, Template>(),
    ];
    const lost = lostState(theirs, ours);
    console.log(`${name}: ${lost.length === 0 ? 'nothing is lost' : lost.join('\n  ')}`);
    for (const change of tableChanges(theirs, ours)) console.log(`  ${change}`);
    if (lost.length > 0) process.exitCode = 1;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await run('git', ['worktree', 'remove', '--force', join(folder, 'deployed')], { cwd: ROOT }).catch(
    () => undefined,
  );
  await rm(folder, { recursive: true, force: true });
}

type Line = { ref: string; config: string | undefined; deployedConfig: string | undefined };

function readLine(): Line | 'help' | { problem: string } {
  try {
    const { values, positionals } = parseArgs({
      options: {
        config: { type: 'string' },
        'deployed-config': { type: 'string' },
        help: { type: 'boolean' },
      },
      allowPositionals: true,
    });
    const [given = 'HEAD~1', ...others] = positionals;
    const { config, 'deployed-config': deployedConfig } = values;
    if (values.help === true) return 'help';
    if (others.length > 0) return { problem: 'One commit is compared.' };
    if (deployedConfig !== undefined && config === undefined)
      return { problem: '--deployed-config needs --config.' };
    return { ref: given, config, deployedConfig };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

type Compared = { name: string; before: string; after: string };

/** The files of the configurations before and after, by absolute path. */
async function configurationsOf(
  { config, deployedConfig }: Line,
  places: { deployed: string; folder: string },
): Promise<Compared[]> {
  if (config !== undefined) {
    const before =
      deployedConfig === undefined
        ? join(places.deployed, relative(ROOT, resolve(config)))
        : resolve(deployedConfig);
    return [{ name: config, before, after: resolve(config) }];
  }
  return Promise.all(
    CONFIGURATIONS.map(async ({ name, config: content }, index) => {
      const file = join(places.folder, `configuration-${index}.json`);
      await writeFile(file, JSON.stringify(content));
      return { name, before: file, after: file };
    }),
  );
}

async function commitOf(name: string): Promise<string | undefined> {
  return run('git', ['rev-parse', '--verify', '--quiet', `${name}^{commit}`], { cwd: ROOT }).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}

/** The commit's tree, with the packages of its own lockfile. */
async function checkOut(commitId: string, tree: string): Promise<string> {
  await run('git', ['worktree', 'add', '--detach', tree, commitId], { cwd: ROOT });
  const [theirs, ours] = await Promise.all(
    [tree, ROOT].map((place) => readFile(join(place, 'package-lock.json'), 'utf8')),
  );
  if (theirs === ours) await symlink(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  else await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: tree });
  return tree;
}

/**
 * The templates of each configuration, created by the tree's own code. Throws that code's error for a
 * configuration that it rejects.
 */
async function synthesizeAll(
  tree: string,
  { files, output }: { files: readonly string[]; output: string },
): Promise<Templates[]> {
  await run(process.execPath, ['infra/bundle.ts'], { cwd: tree });
  const all: Templates[] = [];
  for (const [index, config] of files.entries()) {
    const assembly = `${output}-${index}`;
    const env = {
      ...process.env,
      CDK_OUTDIR: assembly,
      CDK_CONTEXT_JSON: JSON.stringify({ config }),
    };
    await run(process.execPath, ['infra/app.ts'], { cwd: tree, env });
    all.push(await readTemplates(assembly));
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

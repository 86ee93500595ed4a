import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { Stryker } from '@stryker-mutator/core';

import { formatText } from '../../tooling/format-text.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { TARGETS, type Target } from './targets.ts';

/** The share of a file's mutants that the tests must kill, in percent. */
const GOAL = 90;

const REPORT = join(import.meta.dirname, '../../docs/mutation.md');

const INTRODUCTION = [
  '# Mutation tests',
  '',
  '`npm run mutate` makes one change at a time in each of these files and runs the tests for it. ' +
    'If no test notices the change, the mutant',
  'has survived. The command prints the survivors and writes this page. ' +
    'With parts of names, as in `npm run mutate -- signature position`, it',
  'runs only for those files. `npm run test:long` runs it, `npm test` does not.',
  '',
  'A mutant that makes the tests run forever counts as killed; one that cannot be loaded does not count. ' +
    'The score is the share of the others',
  `that were killed. The goal is at least ${GOAL}%: some mutants change nothing that can be seen from outside.`,
  '',
].join('\n');

type MutantResult = Awaited<ReturnType<Stryker['runMutationTest']>>[number];

/** Changes the file in every way that Stryker knows, one at a time, on a copy of the project. */
async function mutantsOf({ file, tests }: Target): Promise<MutantResult[]> {
  // Read by vitest.mutation.config.ts in the processes that Stryker starts.
  process.env['MUTATION_TESTS'] = tests.join(',');
  // Mutants are tested with the short volumes, even in `npm run test:long`.
  delete process.env['LONG_TESTS'];
  return new Stryker({
    mutate: [file],
    testRunner: 'vitest',
    vitest: { configFile: 'vitest.mutation.config.ts', related: false },
    coverageAnalysis: 'perTest',
    concurrency: availableParallelism(),
    // Long enough for a busy machine, so that a slow test does not count as a kill.
    timeoutMS: 30_000,
    reporters: ['progress'],
    tempDirName: '.stryker',
    ignorePatterns: ['cdk.out', 'dist', '.local', 'docs'],
    // Mutants of values that are computed when the file is loaded are slow, but worth it.
    warnings: false,
  }).runMutationTest();
}

type Row = Record<'file' | 'mutants' | 'killed' | 'survived' | 'timeout' | 'score' | 'date', string>;

function toRow(file: string, mutants: readonly MutantResult[]): Row {
  const count = (...statuses: MutantResult['status'][]): number =>
    mutants.filter(({ status }) => statuses.includes(status)).length;
  const killed = count('Killed');
  const timeout = count('Timeout');
  const survived = count('Survived', 'NoCoverage');
  return {
    file: `\`${file}\``,
    mutants: String(killed + timeout + survived),
    killed: String(killed),
    survived: String(survived),
    timeout: String(timeout),
    score: `${((100 * (killed + timeout)) / (killed + timeout + survived)).toFixed(1)}%`,
    date: new Date().toISOString().slice(0, 10),
  };
}

/** The page's rows by file: a target that is not run now keeps its row. */
function readRows(): Map<string, Row> {
  if (!existsSync(REPORT)) return new Map();
  const files = new Set(TARGETS.map(({ file }) => `\`${file}\``));
  const rows = readFileSync(REPORT, 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(([, file = '']) => files.has(file))
    .map(([, file = '', mutants = '', killed = '', survived = '', timeout = '', score = '', date = '']) => ({
      ...{ file, mutants, killed, survived, timeout, score, date },
    }));
  return new Map(rows.map((row) => [row.file, row]));
}

async function writePage(rows: Map<string, Row>): Promise<void> {
  const { devDependencies: versions } = packageJson;
  const columns = ['file', 'mutants', 'killed', 'survived', 'timeout', 'score', 'date'] as const;
  const lines = [
    columns,
    columns.map(() => '---'),
    ...[...rows.values()].map((row) => columns.map((column) => row[column])),
  ];
  const page = [
    INTRODUCTION,
    ...lines.map((cells) => `| ${cells.join(' | ')} |`),
    '',
    `Stryker ${versions['@stryker-mutator/core']}, Vitest ${versions.vitest}, ` +
      `Node.js ${process.versions.node}.`,
  ].join('\n');
  writeFileSync(REPORT, await formatText(REPORT, page));
}

const wanted = process.argv.slice(2);
const targets = TARGETS.filter(
  ({ file }) => wanted.length === 0 || wanted.some((part) => file.includes(part)),
);
for (const target of targets) {
  const mutants = await mutantsOf(target);
  const rows = readRows();
  const row = toRow(target.file, mutants);
  rows.set(row.file, row);
  await writePage(rows);
  for (const { status, location, mutatorName, replacement } of mutants) {
    if (status !== 'Survived' && status !== 'NoCoverage') continue;
    const { line, column } = location.start;
    console.log(`${target.file}:${line}:${column + 1} ${status} ${mutatorName} ${replacement}`);
  }
  console.log(`${target.file}: ${row.score}`);
  if (Number.parseFloat(row.score) < GOAL) process.exitCode = 1;
}

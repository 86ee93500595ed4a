import { hash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { Stryker } from '@stryker-mutator/core';

import { formatText } from '../../tooling/format-text.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { TARGETS, type Target } from './targets.ts';

/** The share of a file's mutants that the tests must kill, in percent. */
const GOAL = 90;

const ROOT = join(import.meta.dirname, '../..');
const REPORT = join(ROOT, 'docs/mutation.md');

const INTRODUCTION = [
  '# Mutation tests',
  '',
  '`npm run mutate` makes one change at a time in each of these files and runs the tests for it. ' +
    'If no test notices the change, the mutant',
  'has survived. The command prints the survivors and writes this page. ' +
    'With parts of names, as in `npm run mutate -- signature position`, it',
  'runs only for those files; with `--changed`, as in `npm run test:long`, only for files that have changed, ' +
    'or whose tests have, since their',
  'row was written: `sources` is a digest of both. `npm test` runs no mutants.',
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

const COLUMNS = ['file', 'mutants', 'killed', 'survived', 'timeout', 'score', 'date', 'sources'] as const;

type Row = Record<(typeof COLUMNS)[number], string>;

/** What the result of a file depends on, apart from the modules that it and its tests import. */
function sourcesOf({ file, tests }: Target): string {
  const texts = [file, ...tests].map((path) => readFileSync(join(ROOT, path), 'utf8'));
  return hash('sha256', JSON.stringify(texts), 'hex').slice(0, 12);
}

function toRow(target: Target, mutants: readonly MutantResult[]): Row {
  const count = (...statuses: MutantResult['status'][]): number =>
    mutants.filter(({ status }) => statuses.includes(status)).length;
  const killed = count('Killed');
  const timeout = count('Timeout');
  const survived = count('Survived', 'NoCoverage');
  return {
    file: nameOf(target),
    mutants: String(killed + timeout + survived),
    killed: String(killed),
    survived: String(survived),
    timeout: String(timeout),
    score: `${((100 * (killed + timeout)) / (killed + timeout + survived)).toFixed(1)}%`,
    date: new Date().toISOString().slice(0, 10),
    sources: sourcesOf(target),
  };
}

/** A file as the page names it. */
function nameOf({ file }: Target): string {
  return `\`${file}\``;
}

/** The page's rows by file: a target that is not run now keeps its row. */
function readRows(): Map<string, Row> {
  if (!existsSync(REPORT)) return new Map();
  const names = new Set(TARGETS.map(nameOf));
  const rows = readFileSync(REPORT, 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(([, name = '']) => names.has(name))
    .map(([, file = '', mutants = '', killed = '', survived = '', timeout = '', score = '', ...rest]) => {
      const [date = '', sources = ''] = rest;
      return { file, mutants, killed, survived, timeout, score, date, sources };
    });
  return new Map(rows.map((row) => [row.file, row]));
}

async function writePage(rows: Map<string, Row>): Promise<void> {
  const { devDependencies: versions } = packageJson;
  const lines = [
    COLUMNS,
    COLUMNS.map(() => '---'),
    ...[...rows.values()].map((row) => COLUMNS.map((column) => row[column])),
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

const { values, positionals: parts } = parseArgs({
  options: { changed: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const known = readRows();
const targets = TARGETS.filter(({ file }) => parts.length === 0 || parts.some((part) => file.includes(part)));
const due = targets.filter(
  (target) => !values.changed || known.get(nameOf(target))?.sources !== sourcesOf(target),
);
if (values.changed) console.log(`${due.length} of ${targets.length} files or their tests have changed.`);
for (const target of due) {
  const mutants = await mutantsOf(target);
  const rows = readRows();
  const row = toRow(target, mutants);
  rows.set(row.file, row);
  await writePage(rows);
  for (const { status, location, mutatorName, replacement } of mutants) {
    if (status !== 'Survived' && status !== 'NoCoverage') continue;
    const { line, column } = location.start;
    console.log(`${target.file}:${line}:${column + 1} ${status} ${mutatorName} ${replacement}`);
  }
  console.log(`${target.file}: ${row.score}`);
}
const rowsNow = readRows();
for (const target of targets) {
  const score = rowsNow.get(nameOf(target))?.score ?? '';
  if (Number.parseFloat(score) >= GOAL) continue;
  console.error(`${target.file}: the tests must kill ${GOAL}% of the mutants.`);
  process.exitCode = 1;
}

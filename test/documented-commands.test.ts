import { globSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import { COMMANDS } from '../ops/run.ts';

const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));

/** Options of every ops command, and of npm itself in front of `--`. */
const COMMON = ['--outputs-file', '--json', '--yes', '--help'];

type Documented = { file: string; line: string };

/** Every line of a page that shows a command: in a block of shell code, or between backquotes. */
function commandsIn(file: string): Documented[] {
  const text = readFileSync(file, 'utf8');
  const blocks = [...text.matchAll(/^ *```(?:bash|sh)\n([\s\S]*?)^ *```/gm)].flatMap(([, block = '']) =>
    block.replaceAll(/\\\n\s*/g, '').split('\n'),
  );
  const inline = [...text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/`([^`]+)`/g)].map(
    ([, code = '']) => code,
  );
  return [...blocks, ...inline].map((line) => ({ file, line: line.replace(/\s#.*$/, '').trim() }));
}

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...globSync('docs/*.md'),
  ...globSync('{functions,shared,tooling}/*/README.md'),
];
const documented = PAGES.flatMap(commandsIn);

function matching(pattern: RegExp): (Documented & { words: string[] })[] {
  return documented.flatMap(({ file, line }) => {
    const found = pattern.exec(line);
    return found ? [{ file, line, words: found[1]?.split(/\s+/) ?? [] }] : [];
  });
}

describe('the commands in the documents', () => {
  it('name scripts that package.json has', () => {
    const named = matching(/\bnpm run (?:-s )?([a-z][\w:-]*)/);

    expect(named.length).toBeGreaterThan(50);
    expect(named.filter(({ words: [name = ''] }) => !(name in scripts))).toEqual([]);
  });

  it('name commands of npm run ops that exist, with options that they have', () => {
    const lines = matching(/\bnpm run (?:-s )?ops -- ([a-z][^|;>&]*)/);
    const wrong = lines.filter(({ words: [name = '', ...rest] }) => {
      const command = COMMANDS.find((known) => known.name === name);
      const options = [...COMMON, ...Object.keys(command?.options ?? {}).map((option) => `--${option}`)];
      return (
        !command || rest.some((word) => word.startsWith('--') && !options.includes(word.split('=')[0] ?? ''))
      );
    });

    expect(lines.length).toBeGreaterThan(30);
    expect(wrong).toEqual([]);
  });

  it('use npm run send and npm run trigger with options that they have', () => {
    for (const script of ['send', 'trigger']) {
      const source = globSync(`ops/${script}-*.ts`)
        .map((file) => readFileSync(file, 'utf8'))
        .join('\n');
      const options = matching(new RegExp(`\\bnpm run ${script} -- (.*)`)).flatMap(({ words }) =>
        words.filter((word) => word.startsWith('--')),
      );

      expect(options.length).toBeGreaterThan(0);
      expect(options.filter((option) => !source.includes(option))).toEqual([]);
    }
  });

  it('use the AWS CLI by its shape: a service, an operation, and options in kebab case', () => {
    const lines = matching(/^aws ([a-z].*)/);
    const wrong = lines.filter(
      ({ words: [service = '', operation = '', ...rest] }) =>
        !/^[a-z][a-z0-9]*$/.test(service) ||
        !/^[a-z]+(-[a-z]+)*$/.test(operation) ||
        rest.some((word) => word.startsWith('--') && !/^--[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(word)),
    );

    expect(lines.length).toBeGreaterThan(5);
    expect(wrong).toEqual([]);
  });

  it('are found by each reader from the first page on', () => {
    const page = readFileSync('docs/README.md', 'utf8');

    expect([...page.matchAll(/^## (.+)$/gm)].map(([, title]) => title)).toEqual([
      'I am a brand',
      'I am a publisher',
      'I operate it',
      'I change it',
    ]);
    const unlinked = globSync('docs/*.md').filter(
      (file) => !/README|mutation/.test(file) && !page.includes(`(${file.replace('docs/', '')}`),
    );
    expect(unlinked).toEqual([]);
    expect(readFileSync('README.md', 'utf8')).toContain('(docs/README.md)');
  });
});

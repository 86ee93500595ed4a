import { execFile } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import * as cloudformation from '@aws-sdk/client-cloudformation';
import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as events from '@aws-sdk/client-eventbridge';
import * as iam from '@aws-sdk/client-iam';
import * as lambda from '@aws-sdk/client-lambda';
import * as secretsmanager from '@aws-sdk/client-secrets-manager';
import * as sqs from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import { readCommand } from '../ops/run.ts';
import { documentedCommands, PAGES, scriptCall } from './documented-commands.ts';

const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));

const documented = documentedCommands();
const calls = documented.flatMap((command) => {
  const call = scriptCall(command.words);
  return call ? [{ ...command, ...call }] : [];
});

const isOption = (word: string): boolean => /^--?[a-z]/.test(word);
const nameOf = (option: string): string => option.split('=')[0] ?? '';

/** What is wrong, or nothing, for each command that has something wrong. */
function wrongOf<Command extends { file: string; line: string }>(
  commands: readonly Command[],
  problemOf: (command: Command) => string | undefined,
): string[] {
  return commands.flatMap((command) => {
    const problem = problemOf(command);
    return problem === undefined ? [] : [`${command.file}: ${command.line}: ${problem}`];
  });
}

describe('npm scripts in the documents', () => {
  it('exist', () => {
    expect(calls.length).toBeGreaterThan(100);
    expect(
      wrongOf(calls, ({ script }) => (script in scripts ? undefined : 'package.json has no such script')),
    ).toEqual([]);
  });

  it('of the operations are commands that exist, with every argument and option that they need', () => {
    const lines = calls.filter(({ script, args: [name = ''] }) => script === 'ops' && /^[a-z]/.test(name));
    const wrong = wrongOf(lines, ({ args, isWhole }) => {
      try {
        readCommand(args);
      } catch (error) {
        const problem = error instanceof Error ? error.message : String(error);
        // A sentence may name a command without its arguments.
        return !isWhole && args.length === 1 && !problem.startsWith('There is no') ? undefined : problem;
      }
      return undefined;
    });

    expect(lines.length).toBeGreaterThan(50);
    expect(wrong).toEqual([]);
  });

  it('have the options, and trigger the triggers, that their --help names', async () => {
    const lines = calls.filter(({ script, args }) => script !== 'ops' && args.some(isOption));
    const named = new Set(['trigger', ...lines.map(({ script }) => script)]);
    const help = new Map(
      await Promise.all([...named].map(async (script) => [script, await helpOf(script)] as const)),
    );
    const isNamed = (script: string, word: string): boolean =>
      new RegExp(`(^|\\s)${word}\\b`, 'm').test(help.get(script) ?? '');
    const triggers = calls.filter(({ script, args }) => script === 'trigger' && args.length > 0);

    expect(lines.length).toBeGreaterThan(15);
    expect(
      wrongOf(lines, ({ script, args }) =>
        args.filter(isOption).find((option) => !isNamed(script, nameOf(option))),
      ),
    ).toEqual([]);
    expect(triggers.length).toBeGreaterThan(2);
    expect(
      wrongOf(triggers, ({ args }) => args.slice(0, 1).find((name) => !isNamed('trigger', name))),
    ).toEqual([]);
  });
});

/** What `npm run SCRIPT -- --help` prints. */
async function helpOf(script: string): Promise<string> {
  const [, file = ''] = /^node -r \S+ (\S+)$/.exec(scripts[script] ?? '') ?? [];
  const { stdout } = await promisify(execFile)(process.execPath, [file, '--help']);
  return stdout;
}

describe('npx in the documents', () => {
  const lines = documented.filter(({ words }) => words[0] === 'npx' && words.length > 1);

  it('runs commands of the CDK that exist, with options that they have', () => {
    const AliasesSchema = z.union([z.string(), z.array(z.string())]).default([]);
    const OptionsSchema = z.record(z.string(), z.looseObject({ alias: AliasesSchema }));
    const { globalOptions, commands } = z
      .object({
        globalOptions: OptionsSchema,
        commands: z.record(z.string(), z.looseObject({ options: OptionsSchema.default({}) })),
      })
      .parse(JSON.parse(readFileSync('node_modules/aws-cdk/lib/cli/cli-type-registry.json', 'utf8')));
    const cdk = lines.filter(({ words }) => words[1] === 'cdk');
    const wrong = wrongOf(cdk, ({ words: [, , name = '', ...rest] }) => {
      const command = commands[name];
      if (!command) return `there is no cdk ${name}`;
      const known = Object.entries({ ...globalOptions, ...command.options }).flatMap(
        ([option, { alias }]) => [`--${option}`, ...[alias].flat().map((letter) => `-${letter}`)],
      );
      return rest.filter(isOption).find((option) => !known.includes(nameOf(option)));
    });

    expect(cdk.length).toBeGreaterThan(8);
    expect(wrong).toEqual([]);
  });

  it('runs tests in files that exist', () => {
    const vitest = lines.filter(({ words }) => words[1] === 'vitest');

    expect(vitest.length).toBeGreaterThan(0);
    expect(
      wrongOf(vitest, ({ words }) => words.slice(3).find((file) => !isOption(file) && !existsSync(file))),
    ).toEqual([]);
  });

  it('runs nothing else', () => {
    expect(lines.filter(({ words }) => words[1] !== 'cdk' && words[1] !== 'vitest')).toEqual([]);
  });
});

/** The SDK's description of each service that the pages call by the AWS CLI. */
const SERVICES: Readonly<Record<string, object>> = {
  cloudformation,
  dynamodb,
  events,
  iam,
  lambda,
  secretsmanager,
  sqs,
};
/** The input of an operation: its members, of which the first ones are required. */
const InputSchema = z
  .tuple([z.literal(3), z.string(), z.string(), z.unknown(), z.array(z.string()), z.unknown()])
  .rest(z.number())
  .transform(([, , , , members, , required = 0]) => ({ members, required: members.slice(0, required) }));
/** Options of the AWS CLI itself. */
const CLI_OPTIONS = ['--query', '--output', '--region', '--profile'];

/** How the AWS CLI writes a name of the API, and the SDK, without its hyphens. */
const plain = (name: string): string => name.replaceAll('-', '').toLowerCase();

function inputOf(service: object, operation: string) {
  const names = ['Input', 'Request'].map((suffix) => plain(`${operation}${suffix}$`));
  const found = Object.entries(service).find(([name]) => names.includes(plain(name)));
  return InputSchema.safeParse(found?.[1]).data;
}

/** What is wrong with `aws SERVICE OPERATION --option …`. */
function problemOfAws(
  [service = '', operation = '', ...rest]: readonly string[],
  isWhole: boolean,
): string | undefined {
  const client = SERVICES[service];
  if (!client) return `the test has no description of ${service}`;
  if (operation === 'wait') {
    const [state = ''] = rest;
    const waits = Object.keys(client).some((name) => plain(name) === `waituntil${plain(state)}`);
    return waits ? undefined : `nothing waits for ${state}`;
  }
  const input = inputOf(client, operation);
  if (!input) return `there is no aws ${service} ${operation}`;
  const given = rest.filter(isOption).filter((option) => !CLI_OPTIONS.includes(option));
  const asked = given.map((option) => plain(option.replace(/^--(no-)?/, '')));
  const missing = input.required.find((member) => isWhole && !asked.includes(plain(member)));
  if (missing !== undefined) return `${missing} is missing`;
  const members = new Set(input.members.map(plain));
  return given.find((_option, index) => !members.has(asked[index] ?? ''));
}

describe('the AWS CLI in the documents', () => {
  const lines = documented.filter(({ words }) => words[0] === 'aws' && words.length > 2);

  it('has operations that the API has, with their required options and no others', () => {
    expect(lines.length).toBeGreaterThan(25);
    expect(wrongOf(lines, ({ words, isWhole }) => problemOfAws(words.slice(1), isWhole))).toEqual([]);
  });

  it.each([
    ['dynamodb', 'delete-tabel', '--table-name', 'T'],
    ['dynamodb', 'delete-table', '--name', 'T'],
    ['dynamodb', 'delete-table', '--table-name', 'T', '--force'],
    ['dynamodb', 'wait', 'table-gone', '--table-name', 'T'],
  ])('would not pass with a name that does not exist: %s %s %s', (...words) => {
    expect(problemOfAws(words, true)).toBeTypeOf('string');
  });
});

describe('the pages', () => {
  const README_WORDS = 460;
  const readers = ['docs/brand.md', 'docs/publisher.md', 'docs/operator.md', 'CONTRIBUTING.md'];
  const textOf = (file: string): string => readFileSync(file, 'utf8');

  it.each(readers)('%s is one click away, and begins with what its reader wants', (file) => {
    expect(textOf('README.md')).toContain(`(${file})`);
    expect(textOf(file)).toMatch(/^# I .+\n\nYou want /);
  });

  it('are all found from the list of pages', () => {
    const list = textOf('docs/README.md');
    const pages = globSync('docs/*.md').map((file) => file.replace('docs/', ''));

    expect(pages.filter((page) => page !== 'README.md' && !list.includes(`(${page})`))).toEqual([]);
    expect(textOf('README.md')).toContain('(docs/README.md)');
  });

  it('link to pages, and sections of them, that exist', () => {
    const slugOf = (heading: string): string =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-');
    const links = PAGES.flatMap((file) =>
      [...textOf(file).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].map(
        ([, path = '', section]) => ({
          file,
          target: path === '' ? file : join(dirname(file), path),
          section,
        }),
      ),
    );
    const broken = links.filter(({ target, section }) => {
      if (!existsSync(target)) return true;
      if (section === undefined) return false;
      return ![...textOf(target).matchAll(/^#+ (.+)$/gm)].some(([, title = '']) => slugOf(title) === section);
    });

    expect(links.length).toBeGreaterThan(100);
    expect(broken).toEqual([]);
  });

  it('README.md is read in two minutes, and shows the live page', () => {
    const prose = textOf('README.md')
      .replaceAll(/```text[\s\S]*?```/g, '')
      .replaceAll(/\]\([^)]*\)/g, ']');

    expect(prose.split(/\s+/).length).toBeLessThan(README_WORDS);
    expect(textOf('README.md')).toMatch(/!\[[^\]]+\]\(docs\/live-page\.png\)/);
  });
});

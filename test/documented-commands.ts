import { globSync, readFileSync } from 'node:fs';

/** A command of a page, as the words that a shell makes of it. */
export type DocumentedCommand = {
  file: string;
  line: string;
  words: readonly string[];
  /** Whether it stands in a block to paste, and not in a sentence, which may leave out arguments. */
  isWhole: boolean;
};

/** Every page that people read. */
export const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...globSync('docs/**/*.md'),
  ...globSync('{functions,shared,tooling}/*/README.md'),
  'test/simulation/README.md',
];

/** Every command on every page: in a block of shell code, or between backquotes. */
export function documentedCommands(): DocumentedCommand[] {
  return PAGES.flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    const blocks = shellBlocks(text).flatMap((block) => block.replaceAll(/\\\n\s*/g, '').split('\n'));
    const sentences = text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/`([^`]+)`/g);
    return [
      ...blocks.flatMap((line) => readLine(file, line, true)),
      ...[...sentences].flatMap(([, code = '']) => readLine(file, code, false)),
    ];
  });
}

/** The blocks of shell code of a page. */
function shellBlocks(text: string): string[] {
  return [...text.matchAll(/^ *```(?:bash|sh)\n([\s\S]*?)^ *```/gm)].map(([, block = '']) => block);
}

/** The commands that a line has one after the other, without redirections and comments. */
function readLine(file: string, text: string, isWhole: boolean): DocumentedCommand[] {
  const line = text.trim();
  return commandsIn(line).map((words) => ({ file, line, words, isWhole }));
}

const TOKEN = /(?:'[^']*'|"(?:\\.|[^"\\])*"|\$\([^)]*\)|[^\s'"|&;<>#]|(?<=\S)#)+|\||&&|;|[<>]\s*\S+|#.*/g;

function commandsIn(line: string): string[][] {
  const commands: string[][] = [[]];
  for (const [token] of line.matchAll(TOKEN)) {
    if (token === '|' || token === '&&' || token === ';') commands.push([]);
    else if (token.startsWith('#')) break;
    else if (!/^[<>]/.test(token)) commands.at(-1)?.push(unquoted(token));
  }
  return commands.filter((words) => words.length > 0);
}

function unquoted(token: string): string {
  return token.replaceAll(/'([^']*)'|"((?:\\.|[^"\\])*)"/g, (_all, single, double) =>
    String(single ?? double),
  );
}

/** The arguments of `npm run SCRIPT -- …`, or of `npm start`, if that is what the words are. */
export function scriptCall(words: readonly string[]): { script: string; args: string[] } | undefined {
  const [program, ...rest] = words;
  if (program !== 'npm') return undefined;
  const [verb, ...more] = rest.filter((word) => word !== '-s');
  const named = verb === 'run' ? more : [verb ?? '', ...more];
  const [script, dashes, ...args] = named;
  if (script === undefined || (verb !== 'run' && verb !== 'start' && verb !== 'test')) return undefined;
  return { script, args: dashes === '--' ? args : [] };
}

import { shellWord } from '../timeline/words.ts';

/** What a shell can complete of a command. */
export type CommandSyntax = {
  name: string;
  summary: string;
  /** By name, without `--`. */
  options: Readonly<Record<string, { type: 'string' | 'boolean' }>>;
};

/** The shells with a completion script. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

type Shell = (typeof SHELLS)[number];

/**
 * A script for a shell that defines the function `ops`, which runs the commands of the checkout in
 * `directory`, and completes their names and options. Pure.
 */
export function completionScript(
  shell: Shell,
  { directory, commands }: { directory: string; commands: readonly CommandSyntax[] },
): string {
  const npm = `npm --prefix ${shellWord(directory)} run -s ops --`;
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](npm, commands);
}

function bashScript(npm: string, commands: readonly CommandSyntax[]): string {
  return `ops() { ${npm} "$@"; }
_ops() {
  local word=\${COMP_WORDS[COMP_CWORD]} words=
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='${commands.map(({ name }) => name).join(' ')}'
  elif [[ $word == -* ]]; then
    case \${COMP_WORDS[1]} in
${casesOf(commands, (options) => `words='${options.join(' ')}'`)}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _ops ops
`;
}

function zshScript(npm: string, commands: readonly CommandSyntax[]): string {
  const described = commands.map(({ name, summary }) => `    ${shellWord(`${name}:${shortened(summary)}`)}`);
  return `(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
ops() { ${npm} "$@" }
_ops() {
  local -a commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
  elif [[ $words[CURRENT] == -* ]]; then
    case $words[2] in
${casesOf(commands, (options) => `compadd -- ${options.join(' ')}`)}
    esac
  else
    _files
  fi
}
compdef _ops ops
`;
}

function fishScript(npm: string, commands: readonly CommandSyntax[]): string {
  const lines = commands.flatMap(({ name, summary, options }) => [
    `complete -c ops -n __fish_use_subcommand -f -a ${name} -d ${shellWord(shortened(summary))}`,
    ...Object.entries(options).map(
      ([option, { type }]) =>
        `complete -c ops -n '__fish_seen_subcommand_from ${name}' -l ${option}${type === 'string' ? ' -r' : ''}`,
    ),
  ]);
  return `function ops; ${npm} $argv; end
${lines.join('\n')}
`;
}

/** Commands with the same options share a case. */
function casesOf(commands: readonly CommandSyntax[], action: (options: readonly string[]) => string): string {
  const optionsOf = ({ options }: CommandSyntax): string[] => Object.keys(options).map((name) => `--${name}`);
  return [...Map.groupBy(commands, (command) => optionsOf(command).join(' '))]
    .map(
      ([options, alike]) =>
        `      ${alike.map(({ name }) => name).join('|')}) ${action(options.split(' '))} ;;`,
    )
    .join('\n');
}

/** The first sentence. */
function shortened(summary: string): string {
  return summary.split(/(?<=\.) /)[0] ?? summary;
}

import type { ValueKind } from './command-tree.ts';
import { type CompletionCases, findPlace, type Place, quoted } from './completion-cases.ts';

/** For bash 3.2 (macOS) and later, without the bash-completion package. */
export function bashCompletion(cases: CompletionCases): string {
  const { places, values } = cases;
  return `# bash completion of login-etl. Made by: login-etl completion bash
_login_etl() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="" word place="" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
${findPlace(cases)}
  local IFS=$'\\n'
  case "$place $prev" in
${values.map(({ path, flag, value }) => `    ${quoted(`${path} ${flag}`)}) ${complete(value)}; return ;;`).join('\n')}
  esac
  case "$place" in
${places.map((place) => `    ${quoted(place.path)})\n${atPlace(place)} ;;`).join('\n')}
  esac
}
complete -F _login_etl login-etl
`;
}

function atPlace({ commands, options, argument }: Place): string {
  const words = commands.map(({ word }) => word);
  const others = argument ? complete(argument) : complete({ kind: 'choices', choices: words });
  const flags = options.map(({ word }) => word);
  return `      case "$cur" in
        -*) ${complete({ kind: 'choices', choices: flags })} ;;
        *) ${others} ;;
      esac`;
}

function complete(value: ValueKind): string {
  switch (value.kind) {
    case 'choices':
      return value.choices.length === 0
        ? 'true'
        : `COMPREPLY=($(compgen -W $'${value.choices.join('\\n')}' -- "$cur"))`;
    case 'file':
      return 'compopt -o filenames 2> /dev/null; COMPREPLY=($(compgen -f -- "$cur"))';
    case 'directory':
      return 'compopt -o filenames 2> /dev/null; COMPREPLY=($(compgen -d -- "$cur"))';
    case 'text':
      return 'true';
  }
}

import type { ValueKind } from './command-tree.ts';
import {
  type CompletionCases,
  findPlace,
  type Item,
  type Place,
  quoted,
} from './completion-cases.ts';

/** Sourced after compinit, or as the file `_login-etl` on the fpath. */
export function zshCompletion(cases: CompletionCases): string {
  const { places, values } = cases;
  return `#compdef login-etl
# zsh completion of login-etl. Made by: login-etl completion zsh
_login_etl() {
  local cur="\${words[CURRENT]}" prev="" word place="" i
  local -a commands options
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
${findPlace(cases)}
  case "$place $prev" in
${values.map(({ path, flag, value }) => `    ${quoted(`${path} ${flag}`)}) ${complete(value)}; return ;;`).join('\n')}
  esac
  case "$place" in
${places.map((place) => `    ${quoted(place.path)})\n${atPlace(place)} ;;`).join('\n')}
  esac
}
if [[ "\${funcstack[1]}" == _login_etl ]]; then
  _login_etl "$@"
else
  compdef _login_etl login-etl
fi
`;
}

function atPlace({ commands, options, argument }: Place): string {
  return `      commands=(${commands.map(item).join(' ')})
      options=(${options.map(item).join(' ')})
      if [[ "$cur" == -* ]]; then _describe option options
      else ${argument ? complete(argument) : '_describe command commands'}
      fi`;
}

const item = ({ word, description }: Item): string => quoted(`${word}:${description}`);

function complete(value: ValueKind): string {
  switch (value.kind) {
    case 'choices':
      return `compadd -- ${value.choices.map(quoted).join(' ')}`;
    case 'file':
      return '_files';
    case 'directory':
      return '_files -/';
    case 'text':
      return 'true';
  }
}

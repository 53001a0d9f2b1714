import type { ValueKind } from './command-tree.ts';
import { type CompletionCases, quoted as inQuotes, type ValueCase } from './completion-cases.ts';

/** fish takes a backslash in single quotes for an escape before another, and before a quote. */
const quoted = (text: string): string =>
  inQuotes(text.replaceAll('\\', '\\\\')).replaceAll(`'\\''`, `\\'`);

export function fishCompletion({ places, values }: CompletionCases): string {
  const commands = places.map(({ path }) => path).filter((path) => path !== '');
  return [
    '# fish completion of login-etl. Made by: login-etl completion fish',
    `set -g __login_etl_places ${commands.map(quoted).join(' ')}`,
    `set -g __login_etl_values ${values.map(({ path, flag }) => quoted(`${path} ${flag}`)).join(' ')}`,
    PLACE,
    'complete -c login-etl -f',
    ...places.flatMap(({ path, commands: children, options, argument }) => [
      ...children.map((child) => line(path, `-a ${quoted(child.word)}`, child.description)),
      ...options.map(({ word, description }) =>
        line(path, `${flag(word)}${takenBy(values, path, word)}`, description),
      ),
      ...(argument ? [`complete -c login-etl -n ${at(path)} ${taking(argument)}`] : []),
    ]),
    '',
  ].join('\n');
}

const PLACE = `function __login_etl_place
    set -l place ''
    set -l prev ''
    for word in (commandline -opc)[2..-1]
        if contains -- "$place $prev" $__login_etl_values
            set prev ''
            continue
        end
        if contains -- "$place/$word" $__login_etl_places
            set place "$place/$word"
        end
        set prev "$word"
    end
    echo "$place"
end
function __login_etl_at
    test (__login_etl_place) = "$argv[1]"
end`;

const at = (path: string): string => quoted(`__login_etl_at "${path}"`);

const line = (path: string, what: string, description: string): string =>
  `complete -c login-etl -n ${at(path)} ${what} -d ${quoted(description)}`;

const flag = (word: string): string =>
  word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`;

function takenBy(values: readonly ValueCase[], path: string, word: string): string {
  const found = values.find((each) => each.path === path && each.flag === word);
  return found ? ` -r ${taking(found.value)}` : '';
}

function taking(value: ValueKind): string {
  switch (value.kind) {
    case 'choices':
      return `-f -a ${quoted(value.choices.join(' '))}`;
    case 'file':
      return '-F';
    case 'directory':
      return "-f -a '(__fish_complete_directories)'";
    case 'text':
      return '-f';
  }
}

import { allNodes, type CommandNode, type ValueKind } from './command-tree.ts';

export type Item = { word: string; description: string };

/** What can come at a place of the command line. The path is `/schedule/create`, empty for the program itself. */
export type Place = { path: string; commands: Item[]; options: Item[]; argument?: ValueKind };

/** What a value of an option can be. */
export type ValueCase = { path: string; flag: string; value: ValueKind };

export type CompletionCases = { places: Place[]; values: ValueCase[] };

export function completionCases(tree: CommandNode): CompletionCases {
  const nodes = allNodes(tree);
  const pathOf = ({ path }: CommandNode) => path.map((name) => `/${name}`).join('');
  // Options of the program are understood everywhere, but for its version.
  const everywhere = tree.options.filter(({ flags }) => flags.includes('--env-file'));
  const optionsOf = (node: CommandNode) =>
    node === tree ? node.options : [...node.options, ...everywhere];
  return {
    places: nodes.map((node) => {
      const [argument] = node.arguments;
      return {
        path: pathOf(node),
        commands: node.children.map(({ path, description }) => ({
          word: path.at(-1) ?? '',
          description,
        })),
        options: optionsOf(node).flatMap(({ flags, description }) =>
          flags.map((word) => ({ word, description })),
        ),
        ...(argument && { argument: argument.value }),
      };
    }),
    values: nodes.flatMap((node) =>
      optionsOf(node).flatMap(({ flags, value }) =>
        value ? flags.map((flag) => ({ path: pathOf(node), flag, value })) : [],
      ),
    ),
  };
}

/** A text as one word of a shell: all three take it so, but for fish, which also wants its backslashes doubled. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The rest of the loop over the words before the cursor, for bash and zsh. It finds the command and the option before it. */
export const findPlace = ({
  places,
  values,
}: CompletionCases): string => `    case "$place $prev" in
${values.map(({ path, flag }) => `      ${quoted(`${path} ${flag}`)}) prev=""; continue ;;`).join('\n')}
    esac
    case "$place/$word" in
${places
  .filter(({ path }) => path !== '')
  .map(({ path }) => `      ${quoted(path)}) place="$place/$word" ;;`)
  .join('\n')}
    esac
    prev="$word"
  done`;

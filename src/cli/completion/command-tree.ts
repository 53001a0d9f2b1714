import type { Argument, Command, Option } from 'commander';

/** What completion and documentation have to know of a command. */
export type CommandNode = {
  /** From the program on: `['schedule', 'create']`. */
  path: string[];
  description: string;
  options: OptionNode[];
  arguments: ArgumentNode[];
  children: CommandNode[];
};

type OptionNode = {
  flags: string[];
  description: string;
  /** What its value is, if it takes one. */
  value?: ValueKind;
};

type ArgumentNode = { name: string; value: ValueKind };

export type ValueKind =
  | { kind: 'choices'; choices: readonly string[] }
  | { kind: 'file' | 'directory' | 'text' };

/** Read from the program itself, so that nothing can be forgotten. */
export function commandTree(command: Command, path: string[] = []): CommandNode {
  const help = command.createHelp();
  return {
    path,
    description: command.description(),
    options: help.visibleOptions(command).map(optionNode),
    arguments: command.registeredArguments.map(argumentNode),
    children: command.commands.map((child) => commandTree(child, [...path, child.name()])),
  };
}

/** The command and all below it. */
export const allNodes = (node: CommandNode): CommandNode[] => [
  node,
  ...node.children.flatMap(allNodes),
];

function optionNode({ short, long, description, ...option }: Option): OptionNode {
  return {
    flags: [short, long].filter((flag) => flag !== undefined),
    description,
    ...((option.required || option.optional) && {
      value: valueKind(option.flags, option.argChoices),
    }),
  };
}

const argumentNode = (argument: Argument): ArgumentNode => ({
  name: argument.name(),
  value: valueKind(`<${argument.name()}>`, argument.argChoices),
});

/** By what the help calls it: `<file>` and `<path>` are files, `<directory>` is one. */
function valueKind(flags: string, choices: readonly string[] | undefined): ValueKind {
  if (choices) return { kind: 'choices', choices };
  if (/[<[](file|path)[>\]]/.test(flags)) return { kind: 'file' };
  if (/[<[]directory[>\]]/.test(flags)) return { kind: 'directory' };
  return { kind: 'text' };
}

import { rm } from 'node:fs/promises';
import type { Command } from 'commander';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { neededUser } from '../../src/cli/connect/needed-user.ts';
import { createProgram } from '../../src/cli/program.ts';
import type { LocalUser } from '../../src/config/environment.ts';
import { loginEtl } from '../cli/in-process.ts';
import { type CommandResult, startLoginEtl } from '../cli/login-etl.ts';
import { type Stack, startStack } from '../support/start-stack.ts';
import { makeTestDirectory } from '../support/test-directory.ts';
import { complaint } from './complaint.ts';
import type { Document } from './documents.ts';
import { commandPreparer, type Prepared } from './prepared-commands.ts';
import { type ShownCommand, shownCommands } from './shown-commands.ts';

type Preparer = ReturnType<typeof commandPreparer>;

/** They check the whole stack, and exit with 1 if another test has left a problem. */
const CHECKS = /^(status|doctor|reconcile|verify)/;

/** A sentence names it, without its options. */
const NAMED_ONLY = ['find', 'recover', 'recover --journal FILE', 'verify'];

/** Each command once, without those that a sentence only names. */
function commandsOf(pages: readonly Document[]): Map<string, ShownCommand> {
  const shown = pages
    .flatMap(shownCommands)
    .filter(
      ({ args }) => args.length > 0 && args[0] !== '…' && !NAMED_ONLY.includes(args.join(' ')),
    )
    .filter((each) => complaint(each) === undefined)
    // It takes a database with an old table: test/cli/operate/adopt.parts.test.ts runs it.
    .filter(({ args }) => !args.includes('--adopt'))
    // It takes workers with versions: test/temporal/deployment/ runs it.
    .filter(({ args }) => args[0] !== 'deployment');
  return new Map(
    shown.map((each) => [`${userOf(each).user} ${userOf(each).command.join(' ')}`, each]),
  );
}

/** By `--env-file .local/analyst.env`, or by what the command needs. */
function userOf({ args }: ShownCommand): { user: LocalUser; command: string[] } {
  const at = args.indexOf('--env-file');
  const command = at < 0 ? args : args.toSpliced(at, 2);
  const file = /\.local\/(\w+)\.env/.exec(args[at + 1] ?? '')?.[1];
  return { command, user: (file as LocalUser) ?? neededUser(commandNamed(command)) };
}

function commandNamed(words: readonly string[]): Command {
  let command = createProgram();
  for (const word of words) {
    const next = command.commands.find(
      (child) => child.name() === word || child.aliases().includes(word),
    );
    if (!next) return command;
    command = next;
  }
  return command;
}

/**
 * Declares a test for each command that the pages show: it works, as the database user that it is for.
 * @returns the stack, once it is started
 */
export function testShownCommands(
  pages: readonly Document[],
  { runElsewhere = [] }: { runElsewhere?: readonly Document[] } = {},
): () => Stack {
  let stack: Stack | undefined;
  let directory: string;
  let preparer: Preparer | undefined;

  beforeAll(async () => {
    const started = await startStack();
    stack = started;
    directory = await makeTestDirectory('shown-commands');
    await started.startWorker();
    preparer = commandPreparer(started, directory);
    await preparer.fill();
  }, 120_000);
  afterEach(() => preparer?.endRuns());
  afterAll(async () => {
    await stack?.stop();
    if (directory) await rm(directory, { recursive: true, force: true });
  });

  const elsewhere = commandsOf(runElsewhere);
  const here = [...commandsOf(pages)].filter(([key]) => !elsewhere.has(key));
  test.each(here.map(([, shown]) => ({ shown, line: shown.args.join(' '), ...userOf(shown) })))(
    'login-etl $line, as $user',
    async ({ shown, user, command }) => {
      const prepared = await (preparer as Preparer).prepare(command, user);
      const { exitCode, stdout, stderr } = await run(prepared);
      const said = `${shown.where}: ${prepared.args.join(' ')}\n${stdout}${stderr}`;
      expect(stderr, said).not.toContain('42501');
      if (CHECKS.test(command.join(' ')) && stdout !== '' && !prepared.printing)
        expect([0, 1]).toContain(exitCode);
      // It runs until it is interrupted.
      else expect(exitCode, said).toBe(prepared.printing ? 130 : 0);
    },
    90_000,
  );
  return () => stack as Stack;
}

async function run({ args, env, stdin = '', running, printing }: Prepared): Promise<CommandResult> {
  if (!running && !printing) return loginEtl(env, args, { stdin });
  const started = startLoginEtl(env, args);
  if (running) await started.said(running);
  if (printing) await started.printed(printing);
  started.interrupt();
  return started.result;
}

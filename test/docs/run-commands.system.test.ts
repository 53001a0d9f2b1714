import { rm } from 'node:fs/promises';
import type { Command } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { neededUser } from '../../src/cli/connect/needed-user.ts';
import { createProgram } from '../../src/cli/program.ts';
import type { LocalUser } from '../../src/config/environment.ts';
import { loginEtl } from '../cli/in-process.ts';
import { type CommandResult, startLoginEtl } from '../cli/login-etl.ts';
import { type Stack, startStack } from '../support/start-stack.ts';
import { makeTestDirectory } from '../support/test-directory.ts';
import { complaint } from './complaint.ts';
import { documents, fencedBlocks } from './documents.ts';
import { nextStepsPage } from './help-pages.ts';
import { commandPreparer, type Prepared } from './prepared-commands.ts';
import { type ShownCommand, shownCommands } from './shown-commands.ts';

/** They give a verdict on the whole stack, and end with 1 where one of the other tests has left a trace. */
const VERDICTS = /^(status|doctor|reconcile|verify)/;

/** A sentence names it, without its options. */
const NAMED_ONLY = ['find', 'recover', 'verify'];

/** Each command once, without those that a sentence only names. */
const SHOWN = [
  ...new Map(
    [...documents(), nextStepsPage()]
      .flatMap(shownCommands)
      .filter(
        ({ args }) => args.length > 0 && args[0] !== '…' && !NAMED_ONLY.includes(args.join(' ')),
      )
      .filter((shown) => complaint(shown) === undefined)
      // It takes a database with an old table: test/cli/operate/adopt.parts.test.ts runs it.
      .filter(({ args }) => !args.includes('--adopt'))
      // It takes workers with versions: test/temporal/deployment/ runs it.
      .filter(({ args }) => args[0] !== 'deployment')
      .map((shown) => [shown.args.join(' '), shown]),
  ).values(),
];

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

let stack: Stack;
let directory: string;
let prepare: ReturnType<typeof commandPreparer>['prepare'];

beforeAll(async () => {
  [directory, stack] = await Promise.all([makeTestDirectory('shown-commands'), startStack()]);
  await stack.startWorker();
  const preparer = commandPreparer(stack, directory);
  prepare = preparer.prepare;
  await preparer.fill();
}, 120_000);
afterEach(async () => {
  for await (const { workflowId } of stack.client.workflow.list({
    query: 'ExecutionStatus = "Running" and WorkflowType = "ingestLogins"',
  })) {
    await stack.client.workflow
      .getHandle(workflowId)
      .terminate()
      .catch(() => undefined);
  }
});
afterAll(async () => {
  await stack?.stop();
  if (directory) await rm(directory, { recursive: true, force: true });
});

async function run({ args, env, stdin = '', running }: Prepared): Promise<CommandResult> {
  if (running === undefined) return loginEtl(env, args, { stdin });
  const started = startLoginEtl(env, args);
  await started.said(running);
  started.interrupt();
  return started.result;
}

describe('a command that is shown works, as the database user that it is for', () => {
  test.each(SHOWN.map((shown) => ({ shown, line: shown.args.join(' '), ...userOf(shown) })))(
    'login-etl $line, as $user',
    async ({ shown, user, command }) => {
      const prepared = await prepare(command, user);
      const { exitCode, stdout, stderr } = await run(prepared);
      const said = `${shown.where}: ${prepared.args.join(' ')}\n${stdout}${stderr}`;
      expect(stderr, said).not.toContain('42501');
      if (VERDICTS.test(command.join(' ')) && stdout !== '') expect([0, 1]).toContain(exitCode);
      else expect(exitCode, said).toBe(0);
    },
    90_000,
  );
});

describe('SQL that the runbook and the list of roles show works, as the role that the text names', () => {
  const blocks = documents()
    .filter(({ path }) => ['docs/runbook.md', 'docs/security.md'].includes(path))
    .flatMap(fencedBlocks)
    .filter(({ language }) => language.startsWith('sql'));

  test.each(blocks)('$path:$line', async ({ path, language, lines }) => {
    const role = /role=(\w+)/.exec(language)?.[1];
    if (path === 'docs/runbook.md') expect(role, 'who runs it?').toBeDefined();
    const client = await stack.pool.connect();
    try {
      // Nothing of it stays: roles are of the whole server.
      await client.query('begin');
      if (!lines.join().includes('create user etl_owner'))
        await client.query('create user etl_owner');
      if (role) await client.query(`create user shown_sql in role ${role}`);
      if (role) await client.query('set local session authorization shown_sql');
      for (const statement of lines.join('\n').split(';')) {
        if (statement.trim() !== '') await runOrKnown(client, statement);
      }
    } finally {
      await client.query('rollback');
      client.release();
    }
  });

  /** The roles themselves are there already. */
  async function runOrKnown(client: { query(sql: string): Promise<unknown> }, statement: string) {
    await client.query('savepoint shown');
    try {
      await client.query(statement);
    } catch (error) {
      if ((error as { code?: string }).code !== '42710') throw error;
      await client.query('rollback to savepoint shown');
    }
  }
});

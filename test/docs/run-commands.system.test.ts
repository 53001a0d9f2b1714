import { describe, expect, test } from 'vitest';
import { documents, fencedBlocks } from './documents.ts';
import { nextStepsPage } from './help-pages.ts';
import { testShownCommands } from './test-shown-commands.ts';

const stack = testShownCommands([...documents(), nextStepsPage()]);

describe('SQL that the runbook and the list of roles show works, as the role that the text names', () => {
  const blocks = documents()
    .filter(({ path }) => ['docs/runbook.md', 'docs/security.md'].includes(path))
    .flatMap(fencedBlocks)
    .filter(({ language }) => language.startsWith('sql'));

  test.each(blocks)('$path:$line', async ({ path, language, lines }) => {
    const role = /role=(\w+)/.exec(language)?.[1];
    if (path === 'docs/runbook.md') expect(role, 'who runs it?').toBeDefined();
    const client = await stack().pool.connect();
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

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { LocalUser } from '../../src/config/environment.ts';
import { openRuns } from '../../src/temporal/runs/list-runs.ts';
import { createSchedule } from '../../src/temporal/schedule/create-schedule.ts';
import { loginEtl } from '../cli/in-process.ts';
import { jsonOf } from '../cli/login-etl.ts';
import { custodianEnv, maskerOf } from '../support/custodian.ts';
import { loginMessage } from '../support/data/login-messages.ts';
import type { IngestHandle, Stack } from '../support/start-stack.ts';

/** Also in the documents. */
const IP = '199.172.111.135';
const DEVICE = 'the-device';
const BAD_IP = '999.1.1.1';

export type Prepared = {
  args: string[];
  env: Record<string, string>;
  stdin?: string;
  /** For a command that runs until it is stopped: what it prints on standard error once it runs. */
  running?: string;
  /** The same on standard output. */
  printing?: RegExp;
};

/** Brings the stack into the state that a shown command needs, and replaces the shown values with real ones. */
export function commandPreparer(stack: Stack, directory: string) {
  const masking = stack.env.MASKING_KEYS ?? '';
  const masker = maskerOf(masking);
  let count = 0;
  const used = new Set<string>();
  let open: IngestHandle | undefined;

  const envs: Record<LocalUser, Record<string, string>> = {
    worker: { ...stack.env },
    analyst: { DATABASE_URL: stack.databaseUrls.analyst },
    owner: { DATABASE_URL: stack.databaseUrls.owner },
    'codec-server': {
      ...stack.env,
      DATABASE_URL: stack.databaseUrls.custodian,
      CODEC_SERVER_ADDRESS: '127.0.0.1:0',
      CODEC_SERVER_TOKEN: 'the-token-of-this-test-0123456789',
    },
    api: {
      DATABASE_URL: stack.databaseUrls.reader,
      API_ADDRESS: '127.0.0.1:0',
      API_TOKENS:
        '[{"name":"test","scopes":["logins:read"],"token":"the-token-of-this-test-0123456789"}]',
    },
    custodian: {
      ...custodianEnv(stack, masking),
      // Corrects what `badMessages` sends.
      EDITOR: `sed -i 's/${BAD_IP}/9.1.1.1/'`,
    },
  };

  async function envFor(command: string, user: LocalUser): Promise<Record<string, string>> {
    return command.startsWith('keys') ? keyFiles() : envs[user];
  }

  /** Quarantines messages, unless enough are left. @returns the ids of messages that an edit can correct */
  async function badMessages(): Promise<string[]> {
    let left = await unusedMessages();
    if (left.length < 2) {
      const wrong = Array.from({ length: 20 }, (_, n) => loginMessage(n, { ip: BAD_IP }));
      const sent = await stack.send([...wrong, 'not JSON', 'not JSON either']);
      await stack.run();
      // A scheduled run may have received them, or a terminated one, which holds them until their visibility timeout.
      await expect
        .poll(async () => (await stack.quarantine()).map((row) => row.message_id), {
          timeout: 50_000,
        })
        .toEqual(expect.arrayContaining(sent));
      left = await unusedMessages();
    }
    const ids = left.slice(0, 2);
    for (const id of ids) used.add(id);
    return ids;
  }
  async function unusedMessages(): Promise<string[]> {
    const rows = await stack.quarantine();
    if (!rows.some(({ reason }) => reason === 'message: is not JSON')) return [];
    return rows
      .filter(({ reason, message_id }) => reason.startsWith('ip:') && !used.has(message_id))
      .map((row) => row.message_id);
  }

  async function schedule(): Promise<void> {
    await createSchedule(
      stack.client,
      { when: { everyMs: 3_600_000 }, catchupWindowMs: 60_000 },
      { replace: true },
    );
  }
  const noSchedule = () =>
    stack.client.schedule
      .getHandle('ingest-logins')
      .delete()
      .catch(() => undefined);

  /** The only open run. It does not end by itself, since each receive finds a new message. */
  async function openRun(paused: boolean): Promise<void> {
    stack.sqs.proxy.setFault(async ({ action }, passOn) => {
      if (action === 'ReceiveMessage') await stack.send([loginMessage(1)]);
      return passOn();
    });
    open = await stack.start({ batchSize: 1, lanes: 1 });
    if (paused) {
      const { exitCode, stderr } = await loginEtl(envs.worker, [
        'pause',
        '--workflow-id',
        open.workflowId,
      ]);
      expect(exitCode, stderr).toBe(0);
    }
    // A command without an id steers the runs that Temporal lists, and the list is a moment behind.
    await expect.poll(endOtherRuns).toEqual([open.workflowId]);
  }
  /** Terminates the open runs of other commands. @returns the ids of the runs that were open */
  async function endOtherRuns(): Promise<string[]> {
    const ids = (await openRuns(stack.client, 10)).map((run) => run.workflowId);
    await Promise.all(ids.filter((id) => id !== open?.workflowId).map(terminate));
    return ids;
  }
  /** It may have ended already. */
  const terminate = (workflowId: string): Promise<unknown> =>
    stack.client.workflow
      .getHandle(workflowId)
      .terminate()
      .catch(() => undefined);

  async function keyFiles(): Promise<Record<string, string>> {
    const { MASKING_KEYS: _masking, PAYLOAD_KEYS: _payload, ...rest } = envs.worker;
    const files = { MASKING_KEYS_FILE: 'masking.json', PAYLOAD_KEYS_FILE: 'payload.json' };
    await writeFile(join(directory, 'masking.json'), masking, { mode: 0o600 });
    await writeFile(join(directory, 'payload.json'), stack.env.PAYLOAD_KEYS ?? '', { mode: 0o600 });
    return Object.fromEntries([
      ...Object.entries(rest),
      ...Object.entries(files).map(([name, file]) => [name, join(directory, file)]),
    ]);
  }

  /** What a command needs, by its first words. */
  const needs: readonly [RegExp, () => Promise<unknown>][] = [
    [/^(quarantine|erase|audit|reveal)/, badMessages],
    // Another erasure may have taken the device.
    [/^erase/, fill],
    [/^schedule create(?!.*--replace)/, noSchedule],
    [/^(schedule (?!create)|schedule create.*--replace)/, schedule],
    [/^(pause|drain|cancel)/, () => openRun(false)],
    [/^resume/, () => openRun(true)],
    [/^recover/, noSchedule],
    [/^remask st(atus|op)/, startRemasking],
    [/^remask start/, stopRemasking],
  ];
  function stopRemasking(): Promise<unknown> {
    return terminate('rotate-masking-key');
  }
  async function startRemasking(): Promise<void> {
    await stopRemasking();
    const { exitCode, stderr } = await loginEtl(envs.custodian, [
      'remask',
      'start',
      '--reason',
      'test',
    ]);
    expect(exitCode, stderr).toBe(0);
  }

  async function auditHead(): Promise<string> {
    const verified = await loginEtl(envs.custodian, ['audit', 'verify', '--json']);
    return jsonOf<{ head: string }>(verified).head;
  }

  /** Stores a login of the account 4711 with these values. */
  async function fill(): Promise<void> {
    await stack.send([loginMessage(1, { user_id: '4711', ip: IP, device_id: DEVICE })]);
    await stack.run();
  }

  return {
    fill,
    /** Ends what a command has left running. */
    async endRuns(): Promise<void> {
      stack.sqs.proxy.setFault();
      if (open) await terminate(open.workflowId);
      open = undefined;
      await endOtherRuns();
    },
    async prepare(shown: readonly string[], user: LocalUser): Promise<Prepared> {
      const command = shown.join(' ');
      const ids: string[] = [];
      for (const [begins, arrange] of needs) {
        const made = begins.test(command) ? await arrange() : [];
        if (Array.isArray(made)) ids.push(...made);
      }
      const args: string[] = [];
      for (const [index, arg] of shown.entries()) {
        args.push(await realValue(arg, shown[index - 1] ?? '', ids));
      }
      if (/^(erase|quarantine discard|schedule delete)(?!.*--(yes|dry-run))/.test(command)) {
        // No terminal can ask for a confirmation.
        args.push('--yes');
      }
      return {
        args,
        env: await envFor(command, user),
        stdin: / (--head|--journal) -/.test(command) ? await keptHead() : stdinOf(command),
        ...(command.startsWith('codec-server') && { running: 'codec server is running' }),
        ...(command.startsWith('api') && { running: 'api is running' }),
        ...(command.endsWith('--watch') && { printing: /workers/ }),
        ...(command.startsWith('custodian-worker') && { running: 'custodian worker is running' }),
      };
    },
  };

  async function realValue(arg: string, option: string, ids: string[]): Promise<string> {
    if (arg.startsWith('--')) return arg;
    // The file has a hundred messages.
    if (option === '--repeat') return '2';
    if (option === '--html') return join(directory, arg);
    if (option === '--out') {
      count += 1;
      await mkdir(join(directory, String(count)), { mode: 0o700 });
      return join(directory, String(count), 'new');
    }
    if (option === '--to') return masker.keyId;
    if (option === '--expect-head') return auditHead();
    if ((option === '--head' || option === '--journal') && arg !== '-') return headFile();
    if (option === '--set-body-file' && arg !== '-') return bodyFile();
    if (option === '--device') return arg === '-' ? arg : masker.mask('device_id', DEVICE);
    if (arg === 'HASH') return masker.mask('device_id', DEVICE);
    if (/^[0-9a-f]{16}…$/.test(arg)) return masker.mask('ip', IP);
    if (/^[0-9a-f]{4}…$/.test(arg)) return ids.shift() as string;
    if (option === '--workflow-id') return open?.workflowId ?? 'none';
    if (arg === 'ID' || /^ingest-logins-(manual-)?2026/.test(arg)) return lastRun('workflow_id');
    if (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(arg)) return lastRun('run_id');
    return arg === '…' ? 'case 12' : arg;
  }

  async function headFile(): Promise<string> {
    const path = join(directory, 'audit-head.json');
    await writeFile(path, await keptHead());
    return path;
  }

  async function keptHead(): Promise<string> {
    return (await loginEtl(envs.custodian, ['audit', 'head', '--json'])).stdout;
  }

  async function bodyFile(): Promise<string> {
    const path = join(directory, 'fixed.json');
    await writeFile(path, loginMessage(1));
    return path;
  }

  async function lastRun(column: 'workflow_id' | 'run_id'): Promise<string> {
    const { rows } = await stack.pool.query<{ id: string }>(
      `select ${column} as id from ingest_runs order by started_at desc limit 1`,
    );
    return rows[0]?.id ?? '';
  }
}

function stdinOf(command: string): string {
  if (command.startsWith('quarantine edit')) return loginMessage(1);
  if (/^(find|mask) --ip/.test(command)) return IP;
  if (/^(find|mask) --device/.test(command)) return DEVICE;
  if (command.startsWith('erase --user -')) return '4711';
  return loginMessage(1);
}

import { hkdfSync } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../src/config/config.ts';
import { activeKey } from '../src/crypto/keys/keyring.ts';
import type { MaskedField } from '../src/domain/login/login-columns.ts';
import { startProcess } from '../src/local/process/child-process.ts';
import { findOnPath } from '../src/local/process/executable-file.ts';
import { untilDrained } from './bench-queue.ts';
import type { Round, Running } from './contestant.ts';
import { whenItEnds } from './own-program.ts';

const CONFIG = fileURLToPath(new URL('./bento.yaml', import.meta.url));
/** By then its long polls have ended, so a stopped Bento holds no message. */
const LAST_POLL_MS = 1_500;

export const findBento = (): Promise<string | undefined> => findOnPath('bento', process.env);

/**
 * Bento has no pause command, so its process is stopped (SIGSTOP) after the warm-up and continues (SIGCONT) once the
 * queue is filled.
 */
export async function openBento(round: Round): Promise<Running> {
  const { environment, servers, queue, signal } = round;
  const bento = await startProcess({
    name: 'Bento',
    command: (await findBento()) ?? 'bento',
    args: ['-c', process.env.BENTO_CONFIG ?? CONFIG],
    env: { ...environment, ...maskingKeys(environment) },
    logFile: servers.logFile(round.name),
  });
  const drained = () => Promise.race([untilDrained(queue, signal), whenItEnds('Bento', bento)]);
  return {
    pids: [bento.pid],
    warmUp: async () => {
      await drained();
      process.kill(bento.pid, 'SIGSTOP');
      await delay(LAST_POLL_MS, undefined, { signal });
    },
    drain: async () => {
      process.kill(bento.pid, 'SIGCONT');
      await drained();
    },
    problems: () => [],
    history: async () => undefined,
    stop: () => {
      process.kill(bento.pid, 'SIGCONT');
      return bento.stop();
    },
  };
}

/** The job's own subkeys, in hex: its masked values are compared with the job's. */
function maskingKeys(environment: NodeJS.ProcessEnv): Record<string, string> {
  const { keys } = loadConfig(['masking'], environment).masking;
  if (!keys) throw new Error('the bench masks with keys');
  const { id, key } = activeKey(keys);
  const subkey = (field: MaskedField) =>
    Buffer.from(hkdfSync('sha256', key.export(), '', `login-etl/mask/${field}`, 32)).toString(
      'hex',
    );
  return {
    BENTO_KEY_ID: id,
    BENTO_IP_KEY: subkey('ip'),
    BENTO_DEVICE_ID_KEY: subkey('device_id'),
  };
}

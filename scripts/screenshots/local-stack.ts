import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const START = fileURLToPath(new URL('../../src/local/start.ts', import.meta.url));
const LAST_HEADING = 'What to do next';
const WEB_UI = /watch the runs +(http:\/\/\S+)/;

export type LocalStack = { webUi: string; stop(): Promise<void> };

/** Runs `npm start` with its state in this directory, and waits until it has shown the run of the samples. */
export async function startLocalStack(directory: string): Promise<LocalStack> {
  const child = spawn(process.execPath, [START], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    return { webUi: await untilUp(child), stop: () => stop(child) };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

function untilUp(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    const webUi = said.includes(LAST_HEADING) && WEB_UI.exec(said)?.[1];
    if (webUi) resolve(webUi);
  });
  child.once('exit', () => reject(new Error(`npm start ended by itself:\n${said}`)));
  return promise;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

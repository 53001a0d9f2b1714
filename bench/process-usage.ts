import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Linux reports processor time to user space in hundredths of a second on every architecture. */
const TICKS_PER_SECOND = 100;

type ProcessEntry = { pid: number; parentPid: number; cpuSeconds: number };

/**
 * Returns the processor seconds of each process and its descendants, by the given names. On Linux this includes ended
 * descendants, such as Postgres' backends; elsewhere `ps` does not report them.
 */
export async function cpuSecondsByName(
  roots: Readonly<Record<string, number | undefined>>,
): Promise<Record<string, number>> {
  const processes = process.platform === 'linux' ? await listFromProc() : await listFromPs();
  const children = Map.groupBy(processes, ({ parentPid }) => parentPid);
  const own = new Map(processes.map(({ pid, cpuSeconds }) => [pid, cpuSeconds]));
  const ofTree = (pid: number): number =>
    (own.get(pid) ?? 0) +
    (children.get(pid) ?? []).reduce((sum, child) => sum + ofTree(child.pid), 0);
  return Object.fromEntries(
    Object.entries(roots).flatMap(([name, pid]) =>
      pid === undefined ? [] : [[name, ofTree(pid)]],
    ),
  );
}

async function listFromProc(): Promise<ProcessEntry[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const entries = await Promise.all(
    pids.map(async (pid) => {
      // A process that has ended has no file.
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      // The name in parentheses may contain anything, so count the fields from its end.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
      return {
        pid: Number(pid),
        parentPid: Number(fields[1]),
        cpuSeconds: ticks / TICKS_PER_SECOND,
      };
    }),
  );
  return entries.filter(({ parentPid }) => Number.isInteger(parentPid));
}

async function listFromPs(): Promise<ProcessEntry[]> {
  const { stdout } = await run('ps', ['-axo', 'pid=,ppid=,time=']);
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [pid, parentPid, time = ''] = line.trim().split(/\s+/);
      // minutes:seconds.hundredths, with hours before them in some
      const cpuSeconds = time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
      return { pid: Number(pid), parentPid: Number(parentPid), cpuSeconds };
    });
}

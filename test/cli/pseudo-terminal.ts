import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { programEnvironment } from '../support/program-environment.ts';

/** Runs a program on a pseudo-terminal with this many columns, and copies what it writes there. */
const ON_TERMINAL = `
import fcntl, os, pty, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', 40, int(sys.argv[1]), 0, 0))
    os.execv(sys.argv[2], sys.argv[2:])
while True:
    try: data = os.read(fd, 65536)
    except OSError: break
    if not data: break
    sys.stdout.buffer.write(data); sys.stdout.buffer.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 255)
`;

const RUN_IN_TURN = fileURLToPath(new URL('./terminal/run-in-turn.ts', import.meta.url));

type Environment = Readonly<Record<string, string>>;

/**
 * Runs command lines on a terminal, in one process, which saves the start of the others.
 * @returns what each wrote: standard output and error together, with line feeds only
 */
export async function eachOnTerminal(
  env: Environment,
  columns: number,
  commandLines: readonly (readonly string[])[],
): Promise<string[]> {
  const mark = `<end ${randomUUID()}>`;
  const script = [RUN_IN_TURN, JSON.stringify(commandLines), mark];
  const { output } = await onTerminal(env, columns, script);
  const outputs = output.split(mark).slice(0, -1);
  if (outputs.length !== commandLines.length) throw new Error(`it ended early: ${output}`);
  return outputs;
}

async function onTerminal(
  env: Environment,
  columns: number,
  script: readonly string[],
): Promise<{ exitCode: number | null; output: string }> {
  const child = spawn(
    'python3',
    ['-c', ON_TERMINAL, String(columns), process.execPath, '--', ...script],
    {
      env: { ...programEnvironment(), AWS_EC2_METADATA_DISABLED: 'true', TERM: 'xterm', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [exitCode, output] = await Promise.all([exited, text(child.stdout)]);
  return { exitCode, output: output.replaceAll('\r\n', '\n') };
}

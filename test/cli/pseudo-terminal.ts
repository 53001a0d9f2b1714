import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Runs a program on a pseudo-terminal of so many columns, and copies what it writes there. */
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

/** The real command line on a real terminal: standard output and error together, with line feeds only. */
export async function loginEtlOnTerminal(
  env: Readonly<Record<string, string>>,
  columns: number,
  args: readonly string[],
): Promise<{ exitCode: number | null; output: string }> {
  const child = spawn(
    'python3',
    ['-c', ON_TERMINAL, String(columns), process.execPath, '--', MAIN, ...args],
    {
      env: { PATH: process.env.PATH, AWS_EC2_METADATA_DISABLED: 'true', TERM: 'xterm', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [exitCode, output] = await Promise.all([exited, text(child.stdout)]);
  return { exitCode, output: output.replaceAll('\r\n', '\n') };
}

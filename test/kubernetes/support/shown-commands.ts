import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { toolPath } from '../../../scripts/deploy-tools/directory.ts';
import { KEY_FILE_NAMES } from '../../../src/crypto/keys/generate-keys.ts';
import { ROOT } from '../../docs/documents.ts';
import type { Cluster } from './cluster.ts';

const DOCUMENT = 'docs/deploy.md';
/** What would change what the other tests use is only simulated. */
const CHANGES: readonly [pattern: RegExp, simulated: string][] = [
  [/^helm (upgrade|rollback) /, '--dry-run=server'],
  [/^helm uninstall /, '--dry-run'],
  [/^kubectl .*\bcreate /, '--dry-run=client'],
  [/^kubectl .*\b(label|delete) /, '--dry-run=server'],
];

/**
 * Runs the commands of helm, kubectl and temporal in docs/deploy.md, with its values.yaml, in a directory that has the
 * files that they name. @returns those that fail
 */
export async function failingCommands(cluster: Cluster, env: NodeJS.ProcessEnv): Promise<string[]> {
  const text = await readFile(join(ROOT, DOCUMENT), 'utf8');
  const directory = join(cluster.directory, 'reader');
  await mkdir(join(directory, 'bin'), { recursive: true });
  for (const name of ['helm', 'kubectl']) {
    await symlink(toolPath(name), join(directory, 'bin', name));
  }
  await symlink(env.TEMPORAL_BINARY ?? '', join(directory, 'bin', 'temporal'));
  await symlink(join(ROOT, 'deploy'), join(directory, 'deploy'));
  const write = async (name: string, content: string) => {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), content);
  };
  const [values = '', ...others] = blocks(text, 'yaml');
  await write('values.yaml', values);
  const custodian = others.find((block) => block.startsWith('custodian:')) ?? '';
  await write('custodian.yaml', custodian);
  for (const name of ['worker.env', 'owner.env']) await write(name, 'DATABASE_URL=postgres://x');
  for (const name of Object.values(KEY_FILE_NAMES)) await write(`keys/${name}`, 'x');

  const failing: string[] = [];
  for (const command of shownCommands(text)) {
    await promisify(execFile)('bash', ['-euc', command], {
      cwd: directory,
      env: { ...env, PATH: `${directory}/bin:${process.env.PATH}`, KUBECONFIG: cluster.kubeconfig },
      maxBuffer: 2 ** 26,
    }).catch((error: { stdout: string; stderr: string }) => {
      failing.push(`${command}\n${error.stdout}${error.stderr}`);
    });
  }
  return failing;
}

const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    ([, content = '']) => content,
  );

function shownCommands(text: string): string[] {
  const lines = blocks(text, 'sh').flatMap((block) =>
    block
      .replaceAll(/\\\n */g, '')
      .trim()
      .split('\n'),
  );
  const inline = [...text.matchAll(/`(kubectl [^`]+ [^`]+)`/g)].map(([, code = '']) => code);
  return [...lines, ...inline.filter((code) => !code.startsWith('kubectl describe'))]
    .filter((line) => /^(helm|kubectl|temporal) /.test(line))
    .map((line) => {
      const [, simulated = ''] = CHANGES.find(([pattern]) => pattern.test(line)) ?? [];
      return `${line} ${line.includes('schedule delete') ? '--help' : simulated}`;
    });
}

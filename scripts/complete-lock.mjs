// npm omits optional packages of other platforms from package-lock.json when the current registry does not have them, and
// `npm ci` then refuses the lock file. This adds them with the hashes of the registry; with --check it only reports what
// is missing.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = 'package-lock.json';
const SYSTEMS = ['android', 'darwin', 'linux', 'win32', 'freebsd', 'openharmony'];
const PROCESSORS = ['arm64', 'x64', 'arm', 'ppc64', 's390x', 'ia32', 'riscv64'];

const lock = JSON.parse(readFileSync(FILE, 'utf8'));
const present = new Set(
  Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//, '')),
);
const added = [];
for (const parent of Object.values({ ...lock.packages })) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    if (present.has(name)) continue;
    const parts = name.split(/[/-]/);
    const os = SYSTEMS.find((system) => parts.includes(system));
    const cpu = PROCESSORS.find((processor) => parts.includes(processor));
    if (!os || !cpu)
      throw new Error(`${name}: neither in the lock file nor for a platform known by its name`);
    const libc = /musl/.test(name) ? 'musl' : /-gnu/.test(name) ? 'glibc' : undefined;
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: [cpu],
      ...(parent.dev && { dev: true }),
      ...(libc && { libc: [libc] }),
      ...(parent.license && { license: parent.license }),
      optional: true,
      os: [os],
      ...(parent.engines && { engines: parent.engines }),
    };
    added.push(name);
  }
}
const unpinned = Object.entries(lock.packages).filter(
  ([path, entry]) => path !== '' && !entry.link && !entry.integrity,
);
if (process.argv.includes('--check')) {
  report(added, 'packages of other platforms are missing');
  report(
    unpinned.map(([path]) => path),
    'packages have no integrity hash',
  );
} else if (added.length + unpinned.length > 0) {
  for (const [path, { version, ...rest }] of unpinned) {
    lock.packages[path] = { version, integrity: integrityOf(path, version), ...rest };
  }
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')),
  );
  writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
  process.stdout.write(
    `${FILE}: ${added.length} packages added, ${unpinned.length} hashes added\n`,
  );
}

function report(names, what) {
  if (names.length === 0) return;
  process.stderr.write(`${FILE}: ${what}: ${names.join(', ')}. Run: npm run lock\n`);
  process.exitCode = 1;
}

function integrityOf(path, version) {
  const name = path.replace(/^.*node_modules\//, '');
  const view = ['view', `${name}@${version}`, 'dist.integrity', '--json'];
  const npm = process.env.npm_execpath;
  const [command, args] = npm ? [process.execPath, [npm, ...view]] : ['npm', view];
  const { stdout } = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 });
  const integrity = stdout ? JSON.parse(stdout) : '';
  if (!integrity.startsWith('sha512-'))
    throw new Error(`${name}: the registry gives no sha512 hash`);
  return integrity;
}

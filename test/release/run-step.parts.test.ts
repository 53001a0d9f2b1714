import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import lock from '../../package-lock.json' with { type: 'json' };

const ROOT = resolve(import.meta.dirname, '../..');

const run = (step: string, options: string[], env: Record<string, string> = {}) =>
  spawnSync(process.execPath, ['scripts/release/run-step.ts', step, ...options], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: process.env.HOME, CONTAINER_ENGINE: 'docker', ...env },
  });

test.each([
  ['image', ['docker build ', ' --tag login-etl:']],
  ['image --push', ['docker buildx build ', ' --provenance mode=max ']],
  ['chart', ['package deploy/helm/login-etl ']],
  ['sign', ['cosign sign --yes registry.example/login-etl@sha256:', 'cosign sign-blob --yes ']],
  ['publish', [' --tag registry.example/login-etl:', ' push build/release/login-etl-']],
  ['notes', ['# build/release/notes.md:\n', '- ']],
])('%s --dry-run prints what the step does', (step, texts) => {
  const [name = '', ...options] = step.split(' ');
  const { status, stdout, stderr } = run(name, [...options, '--dry-run']);
  expect([status, stderr]).toEqual([0, '']);
  for (const text of texts) expect(stdout).toContain(text);
});

test('the bill of materials lists every package of the image and no other', () => {
  const { stdout } = run('sbom', ['--dry-run']);
  const { components } = JSON.parse(stdout.replace(/^#.*/, '')) as {
    components: { name: string; version: string }[];
  };
  const packages = Object.entries(lock.packages)
    .filter(([path, entry]) => path !== '' && !('dev' in entry))
    .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`);
  expect(new Set(components.map(({ name, version }) => `${name}@${version}`))).toEqual(
    new Set(packages),
  );
});

test.each([
  ['sign', {}, 'it is not set'],
  ['publish', { RELEASE_TAG: 'v9.9.9' }, 'it is v9.9.9'],
  ['notes', { RELEASE_TAG: manifest.version }, `it is ${manifest.version}`],
])('%s without the tag of this version is refused', (step, env, found) => {
  const { status, stdout, stderr } = run(step, [], env);
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain(`RELEASE_TAG must be v${manifest.version}`);
  expect(stderr).toContain(found);
});

test('a step that needs a registry names the setting that is missing', () => {
  const { status, stderr } = run('image', ['--push'], { RELEASE_TAG: `v${manifest.version}` });
  expect([status, stderr]).toEqual([
    1,
    'Set IMAGE_REPOSITORY, for example to registry.example/login-etl\n',
  ]);
});

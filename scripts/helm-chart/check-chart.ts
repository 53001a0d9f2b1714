import { spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

import { customSchemasDirectory, schemasDirectory, toolPath } from '../deploy-tools/directory.ts';
import { SCHEMA_VERSIONS } from '../deploy-tools/tools.ts';
import { type Manifest, violations } from './manifest-policy.ts';
import { CHART } from './values-file.ts';

// A program that checks the chart: lint, unit tests, and for each variant in its folder ci/ the policy and the schemas of
// Kubernetes. Exits 1 when one of them fails.
const BUILD = 'npm run deploy-tools';
const chart = fileURLToPath(CHART);

function run(name: string, args: string[], input?: string): string | undefined {
  const { status, stdout, stderr } = spawnSync(toolPath(name), args, {
    cwd: chart,
    encoding: 'utf8',
    ...(input !== undefined && { input }),
  });
  if (status === 0) return stdout;
  fail(`${name} ${args.join(' ')}\n${stdout}${stderr}`);
  return undefined;
}

function fail(text: string): void {
  process.stderr.write(`FAILED: ${text}\n`);
  process.exitCode = 1;
}

function isBuilt(name: string, what: string): boolean {
  const built = existsSync(toolPath(name));
  if (!built) {
    process.stderr.write(`SKIPPED: ${what}: ${name} is not built: ${BUILD} -- ${name}\n`);
  }
  return built;
}

if (isBuilt('helm-unittest', 'unit tests of the chart')) {
  const report = run('helm-unittest', ['--color=false', '.']);
  if (report) process.stdout.write(`chart: ${/^Tests:.*$/m.exec(report)?.[0]}\n`);
}
if (isBuilt('helm', 'lint, policy and schemas of the chart')) {
  const variants = globSync('ci/*-values.yaml', { cwd: chart }).toSorted();
  const obtained = [schemasDirectory(), customSchemasDirectory()].every((each) => existsSync(each));
  const schemas = obtained && isBuilt('kubeconform', 'schemas');
  if (!obtained) {
    process.stderr.write(`SKIPPED: schemas of Kubernetes: ${BUILD} -- schemas\n`);
  }
  for (const variant of variants) {
    run('helm', ['lint', '--strict', '--quiet', '.', '--values', variant]);
    const rendered = run('helm', [
      'template',
      'ci',
      '.',
      '--namespace',
      'etl',
      '--values',
      variant,
    ]);
    if (rendered === undefined) continue;
    const manifests = parseAllDocuments(rendered).map((each) => each.toJS() as Manifest);
    for (const each of violations(manifests.filter(Boolean))) fail(`${variant}: ${each}`);
    for (const version of schemas ? SCHEMA_VERSIONS : []) conform(rendered, version);
  }
  process.stdout.write(
    `chart: ${variants.map((each) => basename(each, '-values.yaml')).join(', ')} checked\n`,
  );
}

function conform(rendered: string, version: string): void {
  const locations = [join(schemasDirectory(), version), customSchemasDirectory()].flatMap(
    (directory) => ['-schema-location', join(directory, '{{.ResourceKind}}{{.KindSuffix}}.json')],
  );
  run('kubeconform', ['-strict', ...locations, '-'], rendered);
}

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { VERSION } from '../../src/build-info.ts';
import { toolPath } from '../deploy-tools/directory.ts';
import { type BillOfMaterials, releasedPackages } from './bill-of-materials.ts';
import { changelogSection } from './changelog-section.ts';
import {
  type Build,
  buildImage,
  type Command,
  IMAGE_METADATA,
  LIST_PACKAGES,
  NOTES,
  OUTPUT,
  packageChart,
  publish,
  pushImage,
  type Registries,
  sbomFile,
  sign,
} from './release-commands.ts';

/**
 * A program that runs one step of a release: `node scripts/release/run-step.ts STEP [--dry-run]`. With `--dry-run` it prints
 * the commands, and what it would write. It imports no package, so that a pipeline needs no `npm ci` for it.
 */
const ROOT = resolve(import.meta.dirname, '../..');
process.chdir(ROOT);
const [step = '', ...options] = process.argv.slice(2);
const take = (option: string): boolean => {
  const at = options.indexOf(option);
  if (at >= 0) options.splice(at, 1);
  return at >= 0;
};
const dryRun = take('--dry-run');

/** Builds on the way to a release are real; what reaches other people needs the tag of this version. */
function requireTag(): void {
  const tag = process.env.RELEASE_TAG ?? '';
  if (dryRun || tag === `v${VERSION}`) return;
  const found = tag === '' ? 'it is not set' : `it is ${tag}`;
  fail(`RELEASE_TAG must be v${VERSION}, the version in package.json, but ${found}`);
}

const readBuild = (): Build => ({
  version: VERSION,
  revision: output('git', 'rev-parse', 'HEAD').trim(),
});

function readRegistries(): Registries {
  const setting = (name: string, example: string): string =>
    process.env[name] || (dryRun ? example : fail(`Set ${name}, for example to ${example}`));
  return {
    image: setting('IMAGE_REPOSITORY', 'registry.example/login-etl'),
    charts: setting('CHART_REPOSITORY', 'oci://registry.example/charts'),
  };
}

function pushedDigest(): string {
  if (dryRun) return 'sha256:DIGEST';
  if (!existsSync(IMAGE_METADATA)) fail(`${IMAGE_METADATA} is missing: push the image first`);
  const metadata = JSON.parse(readFileSync(IMAGE_METADATA, 'utf8')) as Record<string, string>;
  return metadata['containerimage.digest'] ?? fail(`${IMAGE_METADATA} has no digest`);
}

function output(...[program, ...args]: Command): string {
  const { stdout, status, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (error || status !== 0)
    fail(`${program} ${args[0]}: ${error?.message ?? `exit code ${status}`}`);
  return stdout;
}

function runAll(commands: readonly Command[]): void {
  for (const [program, ...args] of commands) {
    process.stdout.write(`${[program, ...args].map(quoted).join(' ')}\n`);
    if (dryRun) continue;
    const { status, error } = spawnSync(program, args, { stdio: 'inherit' });
    if (error || status !== 0) fail(`${program}: ${error?.message ?? `exit code ${status}`}`);
  }
}

const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

function write(file: string, text: string): void {
  process.stdout.write(dryRun ? `# ${file}:\n${text}\n` : `${file}\n`);
  if (!dryRun) writeFileSync(file, text);
}

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

const isOnPath = (program: string): boolean =>
  spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;

function engine(): string {
  const engines = ['docker', 'podman', 'buildah'];
  const found = process.env.CONTAINER_ENGINE || engines.find(isOnPath);
  return found ?? (dryRun ? 'docker' : fail(`None of ${engines.join(', ')} is installed`));
}

function helm(): string {
  if (existsSync(toolPath('helm'))) return toolPath('helm');
  if (dryRun || isOnPath('helm')) return 'helm';
  return fail('helm is not installed: npm run deploy-tools -- helm');
}

function notes(): string {
  const changelog = readFileSync('CHANGELOG.md', 'utf8');
  return (
    changelogSection(changelog, VERSION) ??
    ((dryRun && changelogSection(changelog, 'Unreleased')) ||
      fail(`CHANGELOG.md has no section [${VERSION}]`))
  );
}

function sbom(): string {
  const all = JSON.parse(output(...LIST_PACKAGES)) as BillOfMaterials;
  return `${JSON.stringify(releasedPackages(all), undefined, 2)}\n`;
}

const STEPS: Readonly<Record<string, () => void>> = {
  image() {
    if (!take('--push')) return runAll(buildImage(readBuild(), engine(), options));
    requireTag();
    runAll(pushImage(readBuild(), readRegistries(), options));
  },
  chart: () => runAll(packageChart(readBuild(), helm())),
  sbom: () => write(sbomFile(readBuild()), sbom()),
  notes() {
    requireTag();
    write(NOTES, `${notes()}\n`);
  },
  sign() {
    requireTag();
    runAll(sign(readBuild(), readRegistries(), pushedDigest()));
  },
  publish() {
    requireTag();
    runAll(publish(readBuild(), readRegistries(), pushedDigest(), helm()));
  },
};

const run = STEPS[step] ?? fail(`The steps are: ${Object.keys(STEPS).join(', ')}`);
mkdirSync(OUTPUT, { recursive: true });
run();

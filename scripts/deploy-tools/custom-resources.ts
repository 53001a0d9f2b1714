import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { customSchemasDirectory } from './directory.ts';

/** Go modules that contain the definitions of the custom resources that the chart makes. */
const SOURCES: Readonly<Record<string, readonly string[]>> = {
  'github.com/kedacore/keda/v2@v2.21.0': [
    'config/crd/bases/keda.sh_scaledobjects.yaml',
    'config/crd/bases/keda.sh_triggerauthentications.yaml',
  ],
  'github.com/prometheus-operator/prometheus-operator@v0.88.0': [
    'example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml',
    'example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml',
    'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml',
  ],
  'github.com/external-secrets/external-secrets@v0.20.4': [
    'config/crds/bases/external-secrets.io_externalsecrets.yaml',
  ],
};

type Schema = { [key: string]: unknown };
type Definition = {
  spec: {
    group: string;
    names: { kind: string };
    versions: { name: string; schema: { openAPIV3Schema: Schema } }[];
  };
};

/** Writes one JSON Schema for each kind and version, which refuses unknown fields, as the API server does with `--validate`. */
export function obtainCustomSchemas(): void {
  const unfinished = `${customSchemasDirectory()}.unfinished`;
  mkdirSync(unfinished, { recursive: true });
  for (const [module, files] of Object.entries(SOURCES)) {
    const downloaded = execFileSync('go', ['mod', 'download', '-json', module], {
      cwd: tmpdir(),
      encoding: 'utf8',
    });
    const { Dir } = JSON.parse(downloaded) as { Dir: string };
    for (const file of files) {
      const { spec } = parse(readFileSync(join(Dir, file), 'utf8')) as Definition;
      for (const { name, schema } of spec.versions) {
        const [group] = spec.group.split('.');
        const path = `${spec.names.kind.toLowerCase()}-${group}-${name}.json`;
        writeFileSync(join(unfinished, path), JSON.stringify(closed(schema.openAPIV3Schema)));
      }
    }
  }
  renameSync(unfinished, customSchemasDirectory());
}

function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const schema = Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, closed(each)]),
  ) as Schema;
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const isObject = schema.type === 'object' && typeof schema.properties === 'object';
  return isObject && !isOpen ? { additionalProperties: false, ...schema } : schema;
}

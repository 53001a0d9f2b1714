import { readFileSync } from 'node:fs';
import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml';

export const CHART = new URL('../../deploy/helm/login-etl/', import.meta.url);

/** A value of values.yaml with the comment above it. */
export type DocumentedValue = {
  path: string;
  description: string;
  default: unknown;
  /** Undefined where the value is not a map of documented values. */
  children: DocumentedValue[] | undefined;
};

export function documentedValues(): DocumentedValue[] {
  const document = parseDocument(readFileSync(new URL('values.yaml', CHART), 'utf8'));
  const root = document.contents as unknown as YAMLMap;
  // The comment before the first key is that of the file and, after a blank line, that of the key.
  return read(root, '', document.commentBefore ?? '');
}

function read(map: YAMLMap, prefix: string, before: string): DocumentedValue[] {
  return map.items.map((pair, at) => {
    const { key, value } = pair as Pair;
    if (!isScalar(key)) throw new Error('a key of values.yaml is not a scalar');
    const path = `${prefix}${String(key.value)}`;
    const first = at === 0 ? (map.commentBefore ?? before) : undefined;
    const comment = (key.commentBefore ?? first ?? '').split('\n\n').at(-1) ?? '';
    const children = isMap(value) && value.items.length > 0 ? (value as YAMLMap) : undefined;
    return {
      path,
      description: comment.replaceAll(/\s*\n\s*/g, ' ').trim(),
      default: (value as { toJSON(): unknown }).toJSON(),
      children: children && documented(children) ? read(children, `${path}.`, '') : undefined,
    };
  });
}

/** A map without comments, such as a security context, is one value of Kubernetes' own form. */
const documented = (map: YAMLMap): boolean =>
  map.commentBefore != null ||
  map.items.some(({ key }) => isScalar(key) && key.commentBefore != null);

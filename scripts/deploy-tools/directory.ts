import { join } from 'node:path';

import { defaultCacheDirectory } from '../../src/local/temporal/cache-directory.ts';
import { TOOLS } from './tools.ts';

export const toolsDirectory = (): string =>
  join(defaultCacheDirectory(process.env), 'deploy-tools');

/** Where a tool is once it is built; its version is in the name, so that another one is built beside it. */
export const toolPath = (name: string): string =>
  join(toolsDirectory(), `${name}-${TOOLS[name]?.version}`);

/** JSON Schemas of Kubernetes' objects, by version. */
export const schemasDirectory = (): string => join(toolsDirectory(), 'kubernetes-json-schema');

/** Those of the custom resources that the chart makes. */
export const customSchemasDirectory = (): string =>
  join(toolsDirectory(), 'custom-resource-schemas');

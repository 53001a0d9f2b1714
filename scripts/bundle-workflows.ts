import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflows } from '../src/temporal/worker/bundle-workflows.ts';

// A program, `npm run bundle [PATH]`: writes the workflow bundle that WORKER_WORKFLOW_BUNDLE names.
const [path = fileURLToPath(new URL('../build/workflow-bundle.js', import.meta.url))] =
  process.argv.slice(2);

const { code } = await bundleWorkflows();
await mkdir(dirname(path), { recursive: true });
await writeFile(path, code);
process.stdout.write(`${path}: ${Math.ceil(Buffer.byteLength(code) / 1024)} KiB\n`);

import { TestWorkflowEnvironment } from '@temporalio/testing';

// A program, run by download-temporal.ts: leaves the Temporal CLI in the directory given.
const [downloadDirectory] = process.argv.slice(2);
if (downloadDirectory === undefined) throw new Error('usage: sdk-download.ts DIRECTORY');

try {
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir: downloadDirectory } },
  });
  await environment.teardown();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

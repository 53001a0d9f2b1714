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
  const message = error instanceof Error ? error.message : String(error);
  // Each level repeats the address and what it wraps: the innermost reason says it all.
  const reason = message.split(/error sending request for url \([^)]*\): /).at(-1);
  process.stderr.write(`https://temporal.download: ${reason}\n`);
  process.exit(1);
}

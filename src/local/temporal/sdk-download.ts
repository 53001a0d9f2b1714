import { TestWorkflowEnvironment } from '@temporalio/testing';

// A program that download-temporal.ts runs: downloads the Temporal CLI to the given directory.
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
  // Each level repeats the address and its cause: keep only the innermost reason.
  const reason = message.split(/error sending request for url \([^)]*\): /).at(-1);
  process.stderr.write(`https://temporal.download: ${reason}\n`);
  process.exit(1);
}

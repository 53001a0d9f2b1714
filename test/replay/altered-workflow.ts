import { sleep } from '@temporalio/workflow';

/** What nobody must do to `ingestLogins` without a patch: it begins with another command than the histories do. */
export async function ingestLogins(): Promise<void> {
  await sleep('1 second');
}

import type { Client } from '@temporalio/client';
import type { Keyring } from '../../crypto/keys/keyring.ts';
import { newBatchId, partSealer } from '../../crypto/payloads/part-sealer.ts';
import { openQuarantined } from '../../crypto/vault/open-quarantined.ts';
import { addCounts, type Counts, zeroCounts } from '../../domain/counts.ts';
import {
  type QuarantineFilter,
  readSealedMessages,
  type SealedMessage,
} from '../../postgres/quarantine/read-quarantine.ts';
import { endRelease, releaseQuarantined } from '../../postgres/quarantine/release-quarantined.ts';
import { runReplay } from '../../temporal/runs/run-replay.ts';
import type { Custody } from '../connect/with-custody.ts';
import { startProgress } from '../terminal/progress-bar.ts';

/** A batch is one payload, and Temporal accepts up to 2 MiB. */
const MAX_BATCH_MESSAGES = 1_000;
const MAX_BATCH_BYTES = 1_048_576;

type Replayed = { counts: Counts; notOpened: number };

/** For each batch: releases and opens the messages, and waits for the workflow that stores them. */
export async function replay(
  { pool, privateKey }: Custody,
  client: Client,
  payloadKeys: Keyring,
  { replayId, filter, there }: { replayId: string; filter: QuarantineFilter; there: number },
): Promise<Replayed> {
  const counts = zeroCounts();
  const progress = startProgress('{bar} {value}/{total} replayed', there);
  let notOpened = 0;
  let after = '';
  try {
    for (let number = 1; ; number += 1) {
      const page = await readSealedMessages(pool, filter, {
        after,
        limit: MAX_BATCH_MESSAGES,
        maxBytes: MAX_BATCH_BYTES,
      });
      const last = page.at(-1);
      if (last === undefined) return { counts, notOpened };
      after = last.messageId;
      const opened = await openAll(page, (message) => openQuarantined(message, privateKey));
      notOpened += page.length - opened.length;
      if (opened.length > 0) {
        const messageIds = opened.map(({ messageId }) => messageId);
        await releaseQuarantined(pool, replayId, messageIds);
        const sentAtMs = opened.map(({ sentAt }) => sentAt.getTime());
        const workflowId = `replay-quarantine-${replayId}-${number}`;
        const { namespace } = client.options;
        const seal = partSealer(payloadKeys, { namespace, workflowId });
        const batch = newBatchId();
        const replayed = {
          replayId,
          count: opened.length,
          ids: await seal({ kind: 'ids', batch }, { messageIds, sentAtMs }),
          bodies: await seal(
            { kind: 'bodies', batch },
            opened.map(({ body }) => body),
          ),
        };
        addCounts(counts, await runReplay(client, replayed, workflowId));
      }
      progress.update(counts.received + notOpened, {});
    }
  } finally {
    progress.stop();
    await endRelease(pool, replayId);
  }
}

type Opened = SealedMessage & { body: string };

async function openAll(
  page: readonly SealedMessage[],
  open: (message: SealedMessage) => Promise<string | undefined>,
): Promise<Opened[]> {
  const opened: Opened[] = [];
  for (const message of page) {
    const body = await open(message);
    if (body !== undefined) opened.push({ ...message, body });
  }
  return opened;
}

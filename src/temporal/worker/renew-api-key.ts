import type { NativeConnection } from '@temporalio/worker';

/** Gives a connection the API key that is in TEMPORAL_API_KEY_FILE now. */
export function renewApiKey(
  connection: NativeConnection,
  currentApiKey: (() => string | undefined) | undefined,
): () => Promise<void> {
  let used: string | undefined;
  return async () => {
    const apiKey = currentApiKey?.();
    if (apiKey === undefined || apiKey === used) return;
    await connection.setApiKey(apiKey);
    used = apiKey;
  };
}

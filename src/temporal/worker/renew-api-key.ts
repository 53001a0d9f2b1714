import type { NativeConnection } from '@temporalio/worker';

/** Sets the current API key from TEMPORAL_API_KEY_FILE on a connection. */
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

import { type Options, SingleBar } from 'cli-progress';
import { printable } from '../../domain/printable.ts';

/** Work that takes less than a second shows no bar. */
const SHOW_AFTER_MS = 1_000;

export type Progress = {
  update(value: number, fields: Record<string, string | number>, total?: number): void;
  stop(): void;
};

/**
 * A progress bar on standard error, if that is a terminal. The format may name `{value}`, `{total}`,
 * `{percentage}`, `{bar}` and the fields of the updates.
 */
export function startProgress(
  format: string,
  total: number,
  options: Options = {},
  stream: NodeJS.WriteStream = process.stderr,
): Progress {
  if (!stream.isTTY) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    format,
    stream,
    hideCursor: true,
    clearOnComplete: true,
    barsize: 30,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    ...options,
  });
  let latest: { value: number; fields: object; total: number } = { value: 0, fields: {}, total };
  let shown = false;
  const timer = setTimeout(() => {
    shown = true;
    bar.start(latest.total, latest.value, latest.fields);
  }, SHOW_AFTER_MS);
  return {
    update(value, fields, newTotal = latest.total) {
      latest = { value, fields: safe(fields), total: newTotal };
      if (!shown) return;
      bar.setTotal(newTotal);
      bar.update(value, latest.fields);
    },
    stop() {
      clearTimeout(timer);
      if (shown) bar.stop();
    },
  };
}

const safe = (fields: Record<string, string | number>) =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? printable(value) : value,
    ]),
  );

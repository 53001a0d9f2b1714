import proto from '@temporalio/proto';

const { History } = proto.temporal.api.history.v1;

type History = proto.temporal.api.history.v1.IHistory;

/** A history as a file that a diff can show: names for enums, base64 for bytes. */
export function writeHistory(history: History): string {
  const plain = History.toObject(History.fromObject(history), {
    longs: String,
    enums: String,
    bytes: String,
  });
  return `${JSON.stringify(plain, null, 1)}\n`;
}

export const readHistory = (text: string): History =>
  History.fromObject(JSON.parse(text) as Record<string, unknown>);

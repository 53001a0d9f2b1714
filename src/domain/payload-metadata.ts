import type { Payload } from '@temporalio/common';

/** Keeps a byte-order mark, so that `\uFEFFbinary/encrypted` does not equal `binary/encrypted`. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Payload metadata is read only here, so that all code agrees on what a payload is. Absent values are ''. */
export const metadataText = ({ metadata }: Payload, name: string): string =>
  utf8.decode(metadata?.[name] ?? new Uint8Array(0));

export const hasEncoding = (payload: Payload, encoding: string): boolean =>
  metadataText(payload, 'encoding') === encoding;

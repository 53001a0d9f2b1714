import type { Payload } from '@temporalio/common';

/** Keeps a byte-order mark: a decoder that drops it would take `\uFEFFbinary/encrypted` for `binary/encrypted`. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** The one place that reads payload metadata, so that all readers agree on what a payload is. Absent values are ''. */
export const metadataText = ({ metadata }: Payload, name: string): string =>
  utf8.decode(metadata?.[name] ?? new Uint8Array(0));

export const hasEncoding = (payload: Payload, encoding: string): boolean =>
  metadataText(payload, 'encoding') === encoding;

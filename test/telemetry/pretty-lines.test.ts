import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { prettyLines } from '../../src/telemetry/logs/log-destination.ts';
import { createLogger } from '../../src/telemetry/logs/logger.ts';

function written(colorize: boolean): string {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const logger = createLogger('info', prettyLines(stream, colorize));
  logger.info({ runId: 'r-1', inserted: 3 }, 'run has ended');
  return text;
}

test('on a terminal an entry is one readable line: time, level, text, what goes with it', () => {
  expect(written(false)).toMatch(
    /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: run has ended \{"runId":"r-1","inserted":3\}\n$/,
  );
});

test('colours only where they are wanted', () => {
  expect(written(false)).not.toContain('\u001b[');
  expect(written(true)).toContain('\u001b[');
});

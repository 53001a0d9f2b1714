import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { prettyLines } from '../../src/telemetry/logs/log-destination.ts';
import { createLogger } from '../../src/telemetry/logs/logger.ts';

function written(colorize: boolean, workflowId?: string, message = 'run has ended'): string {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const logger = createLogger('info', prettyLines(stream, colorize));
  logger.info({ runId: 'r-1', inserted: 3, workflowId }, message);
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

const ESCAPE = String.fromCharCode(0x1b);
const OBEYED = [
  ESCAPE,
  ...[0x07, 0x0a, 0x7f, 0x9b, 0x202e, 0x2066].map((c) => String.fromCharCode(c)),
];

test.each(OBEYED)(
  'what a terminal would obey is escaped, in a text and in an id: %j',
  (character) => {
    const planted = `a${character}[31mb`;
    const line = written(false, planted, planted);
    const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    expect(line.slice(0, -1)).not.toContain(character);
    expect(line.split(`u${code}`)).toHaveLength(3);
  },
);

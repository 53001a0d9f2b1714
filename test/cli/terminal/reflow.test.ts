import { expect, test } from 'vitest';
import { reflow } from '../../../src/cli/terminal/reflow.ts';

test('a paragraph is broken at the width, whatever its lines were; indented lines and headings stay', () => {
  const text = [
    'Usage: login-etl run [options]',
    '',
    'Follows the run until it ends, also when it',
    'continues. See `login-etl schedule pause`.',
    '',
    'Examples:',
    '  login-etl run --input \'{"lanes": 8, "batchSize": 5000}\'',
    '',
  ].join('\n');
  expect(reflow(text, 30).split('\n')).toEqual([
    'Usage: login-etl run [options]',
    '',
    'Follows the run until it ends,',
    'also when it continues. See',
    '`login-etl schedule pause`.',
    '',
    'Examples:',
    '  login-etl run --input \'{"lanes": 8, "batchSize": 5000}\'',
    '',
  ]);
});

import { expect, test } from 'vitest';
import { parseHostAndPort } from '../../src/config/host-and-port.ts';

test.each([
  ['localhost:7233', { host: 'localhost', port: 7233 }],
  ['LOCALHOST:1', { host: 'LOCALHOST', port: 1 }],
  ['temporal_1:7233', { host: 'temporal_1', port: 7233 }],
  ['a-b.example.com.:443', { host: 'a-b.example.com.', port: 443 }],
  ['1password.com:443', { host: '1password.com', port: 443 }],
  ['xn--hst-sna.example:443', { host: 'xn--hst-sna.example', port: 443 }],
  ['10.0.0.1:7233', { host: '10.0.0.1', port: 7233 }],
  ['[::1]:7233', { host: '::1', port: 7233 }],
  ['[2001:db8::1]:65535', { host: '2001:db8::1', port: 65_535 }],
  ['[::ffff:10.0.0.1]:7233', { host: '::ffff:10.0.0.1', port: 7233 }],
])('%s is an address', (text, parsed) => {
  expect(parseHostAndPort(text)).toEqual(parsed);
});

test('the port is optional if there is a default', () => {
  expect(parseHostAndPort('host')).toBeUndefined();
  expect(parseHostAndPort('host', { defaultPort: 7233 })).toEqual({ host: 'host', port: 7233 });
  expect(parseHostAndPort('[::1]', { defaultPort: 7233 })).toEqual({ host: '::1', port: 7233 });
});

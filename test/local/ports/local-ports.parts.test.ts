import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../../src/local/ports/free-port.ts';
import {
  askedPorts,
  localPorts,
  PORT_NAMES,
  portOption,
  portVariable,
} from '../../../src/local/ports/local-ports.ts';
import { parseStartOptions, USAGE } from '../../../src/local/start-options.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test.each(PORT_NAMES)('%s has an option and a variable, of which the option wins', (name) => {
  const env = { [portVariable(name)]: '5001' };
  expect(parseStartOptions([], env).ports).toEqual({ [name]: 5001 });
  expect(parseStartOptions([`--${portOption(name)}`, '5002'], env).ports).toEqual({ [name]: 5002 });
  expect(USAGE).toContain(portVariable(name));
});

test.each(['0', '65536', 'abc', '1.5', '-1', '127.0.0.1:5432'])(
  '%s is refused as a port, by the name of what gave it',
  (value) => {
    expect(() => askedPorts({ 'sqs-port': value }, {})).toThrow('--sqs-port is not a port');
    expect(() => askedPorts({}, { LOCAL_SQS_PORT: value })).toThrow('LOCAL_SQS_PORT is not a port');
  },
);

test('the ports of the last start are used again where they are free', async () => {
  const file = join(await temporaryDirectory(), 'ports.json');
  const [before, gone] = [await freePort(), await takenPort()];
  const first = await localPorts(file, { sqs: before });
  expect(await first.choose('sqs')).toBe(before);
  await first.remember();
  const second = await localPorts(file, {});
  expect(await second.choose('sqs')).toBe(before);
  const other = await localPorts(join(await temporaryDirectory(), 'ports.json'), {});
  expect(await other.choose('temporal')).not.toBe(gone);
});

test('a remembered port that is taken by now is replaced, and that is said', async () => {
  const file = join(await temporaryDirectory(), 'ports.json');
  const port = await freePort();
  const first = await localPorts(file, { postgres: port });
  await first.choose('postgres');
  await first.remember();
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const second = await localPorts(file, {});
  expect(await second.choose('postgres')).not.toBe(port);
});

test('a port that was asked for and is taken is an error that names it', async () => {
  const port = await takenPort();
  const ports = await localPorts(join(await temporaryDirectory(), 'ports.json'), {
    'web-ui': port,
  });
  await expect(ports.choose('web-ui')).rejects.toThrow(
    `port ${port}, set by LOCAL_WEB_UI_PORT or --web-ui-port, is taken`,
  );
});

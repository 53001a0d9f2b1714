import { execFile } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NODE_ADDRESS } from './network.ts';

/** One certificate, its own authority, for servers and clients on this machine: tls.crt, tls.key and ca.crt. */
export async function makeCertificate(directory: string): Promise<string> {
  await mkdir(directory);
  const at = (name: string) => join(directory, name);
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-subj', '/CN=test', '-addext', `subjectAltName=IP:127.0.0.1,IP:${NODE_ADDRESS}`],
    ...['-keyout', at('tls.key'), '-out', at('tls.crt'), '-days', '2'],
  ]);
  await copyFile(at('tls.crt'), at('ca.crt'));
  return directory;
}

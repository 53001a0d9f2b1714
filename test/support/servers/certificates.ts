import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const openssl = async (...args: string[]) => promisify(execFile)('openssl', args);

const EC_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export type CertificateAuthority = { certificate: string; key: string };

/** Makes a certificate authority that is valid for a day. @returns the paths of its files */
export async function makeCertificateAuthority(
  directory: string,
  name: string,
): Promise<CertificateAuthority> {
  const certificate = join(directory, `${name}.pem`);
  const key = join(directory, `${name}.key`);
  await openssl(
    ...['req', '-x509', ...EC_KEY, '-keyout', key, '-out', certificate, '-days', '1'],
    ...['-subj', `/CN=${name}`],
  );
  return { certificate, key };
}

/** Makes a server's certificate, signed by the authority, and its key. @returns both as PEM */
export async function signCertificate(
  directory: string,
  authority: CertificateAuthority,
  names: string,
): Promise<{ certificate: string; key: string }> {
  const certificate = join(directory, 'server.crt');
  const key = join(directory, 'server.key');
  await openssl(
    ...['req', '-x509', ...EC_KEY, '-keyout', key, '-out', certificate, '-days', '1'],
    ...['-CA', authority.certificate, '-CAkey', authority.key, '-subj', '/CN=server'],
    ...['-addext', `subjectAltName=${names}`, '-addext', 'basicConstraints=critical,CA:false'],
  );
  return { certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') };
}

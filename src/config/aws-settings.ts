import { homedir } from 'node:os';
import { join } from 'node:path';
import { Wrong } from './declare-section.ts';
import { isLinkLocal, isPlainHttp } from './host-and-port.ts';
import { readTextFile } from './read-secret-file.ts';
import { type Environment, type Reader, textOf } from './reader.ts';
import { flag, httpUrl } from './value-parsers.ts';

export const ALLOW_PLAIN_HTTP = {
  name: 'AWS_ALLOW_PLAIN_HTTP',
  default: 'false',
  description:
    '`true`: http is allowed to an AWS endpoint on another machine. Messages and secrets then cross the network unencrypted.',
  parse: flag,
} as const;

/** The SDK reads an endpoint for each of its services, also for those that hand out credentials (STS, SSO). */
const ENDPOINT = /^AWS_ENDPOINT_URL(_[A-Z0-9_]+)?$/;

/** Where the SDK asks for credentials, without TLS on the machine's own network. */
const CREDENTIALS_ENDPOINT =
  /^AWS_(EC2_METADATA_SERVICE_ENDPOINT|CONTAINER_CREDENTIALS_FULL_URI)$|ec2_metadata_service_endpoint/;
/** The SDK appends it to a host. */
const CREDENTIALS_PATH = 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI';

/** The SDK sends these in headers as they are, without trimming them. */
const CREDENTIALS = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
];
const PRINTABLE = /^[\x21-\x7e]*$/;

/**
 * Checks what the AWS SDK reads by itself, for every section that calls AWS. Messages, keys and signed requests leave this
 * machine only over TLS.
 * @param urls other settings that name a host of AWS
 */
export function checkAwsSettings(
  reader: Reader,
  urls: Readonly<Record<string, string | undefined>> = {},
): void {
  const { env } = reader;
  for (const name of CREDENTIALS) {
    // The container's token may be `Bearer TOKEN`.
    if (PRINTABLE.test((env[name] ?? '').replace(/^(Bearer|Basic) /, ''))) continue;
    reader.problem(name, 'must be printable characters without spaces or line breaks');
  }
  const named = Object.keys(env).flatMap((name) => {
    const isUrl = ENDPOINT.test(name) || CREDENTIALS_ENDPOINT.test(name);
    const url = isUrl ? textOf(name, env) : undefined;
    return url === undefined ? [] : [[name, url] as const];
  });
  for (const [name, url] of named) {
    if (httpUrl(url) instanceof Wrong) reader.problem(name, 'is not an http(s) URL');
  }
  if (!(textOf(CREDENTIALS_PATH, env) ?? '/').startsWith('/')) {
    reader.problem(CREDENTIALS_PATH, 'must be a path that begins with a slash');
  }
  if (reader.values({ ALLOW_PLAIN_HTTP }).ALLOW_PLAIN_HTTP) return;
  for (const [name, url] of [...named, ...Object.entries(urls), ...profileEndpoints(env)]) {
    if (url === undefined || !isPlainHttp(url)) continue;
    if (CREDENTIALS_ENDPOINT.test(name) && isLinkLocal(new URL(url).hostname)) continue;
    reader.problem(
      name,
      `is http to another machine: use https, or allow it with ${ALLOW_PLAIN_HTTP.name}=true`,
    );
  }
}

/**
 * The endpoints that the SDK takes from the profile in use, the profiles that this one assumes roles with, and their
 * `services`. The SDK's own parser only reads files asynchronously, and settings are read synchronously.
 */
function profileEndpoints(env: Environment): [string, string][] {
  const profile = textOf('AWS_PROFILE', env) ?? 'default';
  const home = textOf('HOME', env) ?? homedir();
  const paths = [
    textOf('AWS_CONFIG_FILE', env) ?? join(home, '.aws', 'config'),
    textOf('AWS_SHARED_CREDENTIALS_FILE', env) ?? join(home, '.aws', 'credentials'),
  ];
  const sections = paths.flatMap(iniSections);
  const isOf = (name: string) => (section: IniSection) =>
    [name, `profile ${name}`].includes(section.title);
  const used = new Set([profile]);
  // A set also visits what is added meanwhile.
  for (const name of used) {
    for (const { entries } of sections.filter(isOf(name))) {
      for (const source of valuesOf(entries, 'source_profile')) used.add(source);
    }
  }
  const ofProfile = [...used].flatMap((name) => sections.filter(isOf(name)));
  const services = ofProfile.flatMap(({ entries }) => valuesOf(entries, 'services'));
  const ofServices = sections.filter(({ title }) =>
    services.includes(title.replace(/^services /, '')),
  );
  return ['endpoint_url', 'ec2_metadata_service_endpoint'].flatMap((name) =>
    [...ofProfile, ...ofServices]
      .flatMap(({ entries }) => valuesOf(entries, name))
      .map((url): [string, string] => [`AWS_PROFILE: ${name} of its profile`, url]),
  );
}

type IniSection = { title: string; entries: [name: string, value: string][] };

const valuesOf = (entries: IniSection['entries'], wanted: string): string[] =>
  entries.filter(([name]) => name === wanted).map(([, value]) => value);

function iniSections(path: string): IniSection[] {
  let text: string;
  try {
    text = readTextFile(path);
  } catch {
    return [];
  }
  const sections: IniSection[] = [];
  for (const whole of text.split(/\r?\n/)) {
    const [line = ''] = whole.split(/(?:^|\s)[;#]/);
    const [, title] = /^\s*\[\s*(.*?)\s*\]/.exec(line) ?? [];
    const [, name, value] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (title !== undefined)
      sections.push({ title: title.replace(/\s+/g, ' ').replace(/["']/g, ''), entries: [] });
    else if (name !== undefined) sections.at(-1)?.entries.push([name, value ?? '']);
  }
  return sections;
}

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../../src/local/ports/free-port.ts';

/** What the service is compared with, and what loads it: installed for the benchmark only. */
const PACKAGES = ['postgraphile@5.1.5', '@platformatic/db@3.67.0', 'autocannon@8.0.0'];
const CACHE = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
const PEERS = join(CACHE, 'login-etl', 'bench-api');

export const TOKEN = 'a-token-of-the-benchmark-with-enough-characters';
export const WINDOW_DAYS = 90;

export type Server = { url: string; pid: number; stop(): void };

export async function installPeers(): Promise<void> {
  if (existsSync(resolve(PEERS, 'node_modules/autocannon'))) return;
  await mkdir(PEERS, { recursive: true });
  await writeFile(resolve(PEERS, 'package.json'), '{"private":true}');
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--save-exact', ...PACKAGES], {
    cwd: PEERS,
    stdio: 'inherit',
  });
}

export const peer = createRequire(resolve(PEERS, 'package.json'));

async function launch(
  command: readonly string[],
  { url, env = {}, cwd }: { url: string; env?: Record<string, string>; cwd?: string },
): Promise<Server> {
  const child: ChildProcess = spawn(process.execPath, command, {
    env: { ...process.env, ...env },
    cwd,
    stdio: process.env.BENCH_DEBUG ? 'inherit' : 'ignore',
  });
  const stop = () => void child.kill('SIGKILL');
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (child.exitCode !== null) break;
    const answered = await fetch(url).then(
      () => true,
      () => false,
    );
    if (answered) return { url: new URL(url).origin, pid: child.pid ?? 0, stop };
    await new Promise((next) => setTimeout(next, 200));
  }
  stop();
  throw new Error(`${command.join(' ')} does not answer`);
}

/** A process of the read service. */
export async function startService(databaseUrl: string, redisUrl?: string): Promise<Server> {
  const port = await freePort();
  const env = {
    API_ADDRESS: `127.0.0.1:${port}`,
    API_TOKENS: JSON.stringify([{ name: 'bench', scopes: ['logins:read'], token: TOKEN }]),
    API_SECRET: 'a-secret-of-the-benchmark-with-enough-characters',
    API_REQUESTS_PER_MINUTE: '1000000',
    DATABASE_URL: databaseUrl,
    LOG_LEVEL: 'error',
    ...(redisUrl && { REDIS_URL: redisUrl }),
  };
  return launch([resolve('src/cli/login-etl.mjs'), 'api'], {
    url: `http://127.0.0.1:${port}/healthz`,
    env,
  });
}

const BARE = `
  const [port, body] = process.argv.slice(1);
  const bytes = Buffer.from(body);
  require('node:http').createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': bytes.length });
      response.end(bytes);
    });
  }).listen(Number(port), '127.0.0.1');`;

/** A server of node:http alone that always sends the same bytes. */
export async function startBare(body: string): Promise<Server> {
  const port = await freePort();
  return launch(['-e', BARE, String(port), body], { url: `http://127.0.0.1:${port}` });
}

const POSTGRAPHILE = `
  const { createServer } = require('node:http');
  (async () => {
    const { postgraphile } = await import('postgraphile');
    const { PostGraphileAmberPreset } = await import('postgraphile/presets/amber');
    const { makePgService } = await import('postgraphile/adaptors/pg');
    const { grafserv } = await import('postgraphile/grafserv/node');
    const preset = {
      extends: [PostGraphileAmberPreset],
      pgServices: [makePgService({ connectionString: process.env.PEER_DATABASE_URL, schemas: ['public'] })],
      grafserv: { graphiql: false, watch: false },
    };
    const server = createServer();
    await postgraphile(preset).createServ(grafserv).addTo(server);
    server.listen(Number(process.env.PEER_PORT), '127.0.0.1');
  })();`;

export async function startPostGraphile(databaseUrl: string): Promise<Server> {
  const port = await freePort();
  return launch(['-e', POSTGRAPHILE], {
    url: `http://127.0.0.1:${port}/graphql`,
    env: { PEER_DATABASE_URL: databaseUrl, PEER_PORT: String(port), NODE_ENV: 'production' },
    cwd: PEERS,
  });
}

export async function startPlatformatic(databaseUrl: string): Promise<Server> {
  const port = await freePort();
  const directory = resolve(PEERS, 'platformatic');
  await mkdir(directory, { recursive: true });
  const config = {
    $schema: 'https://schemas.platformatic.dev/@platformatic/db/3.67.0.json',
    db: {
      connectionString: databaseUrl,
      graphql: false,
      openapi: true,
      include: { user_logins: true },
    },
    server: { hostname: '127.0.0.1', port, logger: { level: 'error' } },
  };
  await writeFile(resolve(directory, 'platformatic.json'), JSON.stringify(config));
  const program = `
    (async () => {
      const { create } = await import('@platformatic/db');
      const app = await create(${JSON.stringify(directory)}, 'platformatic.json');
      await app.start({ listen: true });
    })();`;
  return launch(['-e', program], { url: `http://127.0.0.1:${port}/`, cwd: PEERS });
}

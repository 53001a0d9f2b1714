import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../src/local/ports/free-port.ts';
import { startProcess } from '../../src/local/process/child-process.ts';
import { makeTestDirectory } from '../support/test-directory.ts';
import { installedProgram } from './installed-program.ts';

export type Sample = { metric: Record<string, string>; value: [number, string] };

export type Prometheus = {
  /** An instant query. @throws with what Prometheus says of a wrong one */
  query(promql: string): Promise<Sample[]>;
  /** The value of a query that gives one. */
  value(promql: string): Promise<number | undefined>;
  get(path: string): Promise<unknown>;
  stop(): Promise<void>;
};

export type PrometheusOptions = {
  /** Addresses to scrape, by job. */
  scrape: Readonly<Record<string, readonly string[]>>;
  ruleFiles?: readonly string[];
  alertmanager?: string;
};

const SCRAPE_EVERY = '500ms';
const READY_WITHIN_MS = 15_000;

/** The real server, with a configuration and a database of its own. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const command = await installedProgram('prometheus');
  const directory = await makeTestDirectory('prometheus');
  const configFile = join(directory, 'prometheus.yml');
  // JSON is YAML.
  await writeFile(configFile, JSON.stringify(configuration(options)));
  const address = `127.0.0.1:${await freePort()}`;
  const server = await startProcess({
    name: 'Prometheus',
    command,
    args: [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=warn',
    ],
  });
  const stop = async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  };
  const get = async (path: string): Promise<unknown> => {
    const answer = await fetch(`http://${address}/api/v1/${path}`);
    const body = (await answer.json()) as { status: string; error?: string; data: unknown };
    if (body.status !== 'success') throw new Error(`Prometheus: ${body.error}`);
    return body.data;
  };
  const query = async (promql: string) => {
    const data = await get(`query?query=${encodeURIComponent(promql)}`);
    return (data as { result: Sample[] }).result;
  };
  try {
    await untilReady(`http://${address}/-/ready`, () => {
      if (server.hasExited()) throw new Error(`Prometheus ended:\n${server.lastLines()}`);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    get,
    query,
    value: async (promql) => {
      const [sample] = await query(promql);
      return sample && Number(sample.value[1]);
    },
    stop,
  };
}

const configuration = ({ scrape, ruleFiles, alertmanager }: PrometheusOptions) => ({
  global: { scrape_interval: SCRAPE_EVERY, evaluation_interval: SCRAPE_EVERY },
  rule_files: ruleFiles ?? [],
  scrape_configs: Object.entries(scrape).map(([job, targets]) => ({
    job_name: job,
    static_configs: [{ targets }],
  })),
  ...(alertmanager && {
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
  }),
});

/** Asks until the answer is 200. */
export async function untilReady(url: string, orThrow: () => void): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    orThrow();
    const ok = await fetch(url).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ok) return;
    if (Date.now() > deadline) throw new Error(`${url} was not ready in time`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

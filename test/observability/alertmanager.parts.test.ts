import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { freePort } from '../../src/local/ports/free-port.ts';
import { type RunningProcess, startProcess } from '../../src/local/process/child-process.ts';
import { makeTestDirectory } from '../support/test-directory.ts';
import { installedProgram } from './installed-program.ts';
import { untilReady } from './prometheus.ts';

const CONFIG = new URL('../../deploy/alertmanager/alertmanager.yml', import.meta.url);

type Call = { path: string; authorization: string | undefined; body: Record<string, unknown> };

let directory: string;
let service: Server;
let alertmanager: RunningProcess;
let url: string;
const calls: Call[] = [];

/** Stands for both services: what it gets is what they would. */
async function startService(): Promise<string> {
  service = createServer((request, response) => {
    void text(request).then((body) => {
      calls.push({
        path: request.url ?? '',
        authorization: request.headers.authorization,
        body: JSON.parse(body) as Call['body'],
      });
      response.writeHead(202).end('{}');
    });
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  return `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  directory = await makeTestDirectory('alertmanager');
  const origin = await startService();
  await writeFile(join(directory, 'pagerduty-routing-key'), 'the-routing-key');
  await writeFile(join(directory, 'opsgenie-api-key'), 'the-api-key');
  // The file as it is; only the services are elsewhere, and nobody waits for more alerts of a kind.
  const config = (await readFile(CONFIG, 'utf8'))
    .replaceAll('/run/secrets', directory)
    .replace('group_wait: 15s', 'group_wait: 1s');
  const elsewhere = `global: { pagerduty_url: ${origin}/pagerduty, opsgenie_api_url: ${origin}/opsgenie }\n`;
  await writeFile(join(directory, 'alertmanager.yml'), `${elsewhere}${config}`);
  const address = `127.0.0.1:${await freePort()}`;
  url = `http://${address}`;
  alertmanager = await startProcess({
    name: 'Alertmanager',
    command: await installedProgram('alertmanager'),
    args: [
      `--config.file=${join(directory, 'alertmanager.yml')}`,
      `--storage.path=${join(directory, 'data')}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
      '--log.level=warn',
    ],
  });
  await untilReady(`${url}/-/ready`, () => {
    if (alertmanager.hasExited()) throw new Error(alertmanager.lastLines());
  });
});
afterAll(async () => {
  await alertmanager?.stop();
  service?.closeAllConnections();
  service?.close();
  if (directory) await rm(directory, { recursive: true, force: true });
});
beforeEach(() => void calls.splice(0));

/** As Prometheus reports them. */
async function fire(...alerts: Record<string, string>[]): Promise<void> {
  const body = alerts.map((labels) => ({
    labels,
    annotations: {
      summary: `summary of ${labels.alertname}`,
      description: 'a description',
      runbook_url: `https://runbook.example/#${labels.alertname?.toLowerCase()}`,
    },
  }));
  const answer = await fetch(`${url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
}

const WITHIN = { timeout: 10_000 };

test('a critical alert calls PagerDuty, with the key of the file, what it is about and where to read on', async () => {
  await fire({ alertname: 'LoginEtlOldestMessageNearRetention', severity: 'critical' });
  await expect.poll(() => calls, WITHIN).toHaveLength(1);
  expect(calls[0]).toMatchObject({
    path: '/pagerduty',
    body: {
      routing_key: 'the-routing-key',
      event_action: 'trigger',
      client_url: 'https://runbook.example/#loginetloldestmessagenearretention',
      payload: {
        severity: 'critical',
        summary: 'summary of LoginEtlOldestMessageNearRetention',
        custom_details: { runbook: expect.stringContaining('runbook.example') },
      },
    },
  });
});

test('a warning goes to Opsgenie, and pages nobody', async () => {
  await fire({ alertname: 'LoginEtlMaskingKeyOverdue', severity: 'warning', key_id: '2026-11' });
  await expect.poll(() => calls, WITHIN).toHaveLength(1);
  expect(calls[0]).toMatchObject({
    path: '/opsgenie/v2/alerts',
    authorization: 'GenieKey the-api-key',
    body: {
      message: 'summary of LoginEtlMaskingKeyOverdue',
      priority: 'P3',
      description: expect.stringContaining('https://runbook.example/#loginetlmaskingkeyoverdue'),
    },
  });
});

test('what follows from an alert that is known is kept back', async () => {
  await fire({ alertname: 'LoginEtlWorkerGone', severity: 'critical' });
  await expect.poll(() => calls, WITHIN).toHaveLength(1);
  await fire(
    { alertname: 'LoginEtlNoSuccessfulRun', severity: 'critical' },
    { alertname: 'LoginEtlBackupTooOld', severity: 'warning' },
  );
  // The second one has nothing to do with it, and shows that enough time has passed.
  await expect.poll(() => calls, WITHIN).toHaveLength(2);
  expect(calls.map(({ path }) => path)).toEqual(['/pagerduty', '/opsgenie/v2/alerts']);
  const answer = await fetch(`${url}/api/v2/alerts?inhibited=true&active=false`);
  expect(await answer.json()).toMatchObject([{ labels: { alertname: 'LoginEtlNoSuccessfulRun' } }]);
});

// The last, since a step that fails keeps other alerts back.
test('alerts of one kind are one call', async () => {
  const failing = { alertname: 'LoginEtlStepFailing', severity: 'critical' };
  await fire({ ...failing, step: 'receiveBatch' }, { ...failing, step: 'acknowledgeBatch' });
  await expect.poll(() => calls, WITHIN).toHaveLength(1);
  expect(calls[0]?.body).toMatchObject({ payload: { custom_details: { firing: '2' } } });
});

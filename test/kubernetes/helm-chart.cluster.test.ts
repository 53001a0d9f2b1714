import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { IMAGE } from '../../scripts/deploy-tools/container-images.ts';
import { KEY_FILE_NAMES } from '../../src/crypto/keys/generate-keys.ts';
import { sendMessages } from '../../src/queue/send-messages.ts';
import { loginMessages } from '../support/data/login-messages.ts';
import { newDatabase, type TestDatabase } from '../support/servers/new-database.ts';
import { type Stack, startStack } from '../support/start-stack.ts';
import { UndoList } from '../support/undo-list.ts';
import { makeCertificate } from './support/certificate.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { startKeda } from './support/keda.ts';
import { forward, NODE_ADDRESS } from './support/network.ts';
import { type Helm, helmOf, install } from './support/release.ts';
import { failingCommands } from './support/shown-commands.ts';

const RELEASE = 'logins';
const NAMESPACE = 'etl';
const CUSTODY = 'custody';
const API_TOKEN = 'a-token-of-the-read-service-long-enough';
const SOON = { timeout: 180_000, interval: 500 };

const undo = new UndoList();
let cluster: Cluster;
let helm: Helm;
let stack: Stack;
let database: TestDatabase;
let values: ReturnType<typeof chartValues>;

beforeAll(async () => {
  stack = await startStack();
  undo.push(() => stack.stop());
  cluster = await startCluster(undo);
  helm = helmOf(cluster);
  database = await newDatabase({ serverUrl: inject('postgresUrl'), migrated: false });
  undo.push(() => database.remove());
  await database.pool.query(`
    create user k8s_owner password 'k8s_owner' in role login_etl_migrator;
    create user k8s_worker password 'k8s_worker' in role login_etl_worker;
    create user k8s_custodian password 'k8s_custodian' in role login_etl_custodian;
    create user k8s_reader password 'k8s_reader' in role login_etl_reader;
    alter schema public owner to k8s_owner;
    grant create on database ${new URL(database.url).pathname.slice(1)} to k8s_owner`);
  undo.push(async () => {
    await database.pool.query(
      'reassign owned by k8s_owner to current_user; drop owned by k8s_owner, k8s_worker, k8s_custodian, k8s_reader',
    );
    await database.pool.query('drop user k8s_owner, k8s_worker, k8s_custodian, k8s_reader');
  });
  const portOf = async (url: string) => forward(Number(new URL(url).port), undo);
  const [postgres, sqs, temporal] = await Promise.all([
    portOf(database.url),
    portOf(stack.sqs.server.endpoint),
    portOf(`http://${stack.temporal.address}`),
  ]);
  values = chartValues({ sqs, temporal });
  await makeNamespace(NAMESPACE);
  const url = (user: string) =>
    `postgres://${user}:${user}@${NODE_ADDRESS}:${postgres}${new URL(database.url).pathname}`;
  const { [KEY_FILE_NAMES.vaultPrivateKey]: vaultPrivateKey, ...keys } = stack.keys;
  const credentials = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
  await makeSecret('worker', { DATABASE_URL: url('k8s_worker'), ...credentials });
  await makeSecret('owner', { DATABASE_URL: url('k8s_owner') });
  await makeSecret('keys', keys);
  await makeSecret('wrong-keys', { ...keys, [KEY_FILE_NAMES.maskingKeys]: '{}' });

  await makeNamespace(CUSTODY);
  await makeSecret('keys', keys, CUSTODY);
  await makeSecret('vault', { VAULT_PRIVATE_KEY: vaultPrivateKey }, CUSTODY);
  const certificate = await makeCertificate(join(cluster.directory, 'codec'));
  const pem = (name: string) => readFile(join(certificate, name), 'utf8');
  await makeSecret('codec', {
    CODEC_SERVER_TOKEN: 'a-token-of-the-cluster-test-long-enough',
    CODEC_SERVER_TLS_CERT: await pem('tls.crt'),
    CODEC_SERVER_TLS_KEY: await pem('tls.key'),
  });
  for (const namespace of [NAMESPACE, CUSTODY]) {
    await makeSecret('custodian', { DATABASE_URL: url('k8s_custodian') }, namespace);
  }
  // The custodian gets the credentials for AWS of all components, too.
  await makeSecret('worker', credentials, CUSTODY);
  await makeSecret('api', {
    DATABASE_URL: url('k8s_reader'),
    API_TOKENS: JSON.stringify([{ name: 'test', scopes: ['logins:read'], token: API_TOKEN }]),
  });
});
afterAll(() => undo.run());

const makeNamespace = (name: string) =>
  cluster.apply({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  });

const makeSecret = (name: string, stringData: object, namespace = NAMESPACE) =>
  cluster.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    stringData,
  });

const keysFrom = (existingSecret: string) => ({
  MASKING_KEYS: { existingSecret, key: KEY_FILE_NAMES.maskingKeys },
  PAYLOAD_KEYS: { existingSecret, key: KEY_FILE_NAMES.payloadKeys },
  VAULT_PUBLIC_KEY: { existingSecret, key: KEY_FILE_NAMES.vaultPublicKey },
});

const fromWorker = { existingSecret: 'worker' };

const chartValues = (ports: { sqs: number; temporal: number }) => ({
  image: { repository: IMAGE.split(':')[0], tag: IMAGE.split(':')[1], pullPolicy: 'Never' },
  settings: {
    AWS_REGION: stack.sqs.server.region,
    AWS_ENDPOINT_URL_SQS: `http://${NODE_ADDRESS}:${ports.sqs}`,
    AWS_ALLOW_PLAIN_HTTP: true,
    SQS_QUEUE_URL: `http://${NODE_ADDRESS}:${ports.sqs}${new URL(stack.queue.url).pathname}`,
    TEMPORAL_ADDRESS: `${NODE_ADDRESS}:${ports.temporal}`,
    PGSSLMODE: 'disable',
    WORKER_SHUTDOWN_GRACE_SECONDS: 10,
  },
  secrets: {
    DATABASE_URL: fromWorker,
    AWS_ACCESS_KEY_ID: fromWorker,
    AWS_SECRET_ACCESS_KEY: fromWorker,
    ...keysFrom('keys'),
  },
  migration: { secrets: { DATABASE_URL: { existingSecret: 'owner' } } },
  schedule: { every: '1h' },
  worker: { resources: { requests: { cpu: '50m', memory: '256Mi' }, limits: { memory: '1Gi' } } },
});

const upgrade = (changes: object = {}, options: { wait?: boolean } = {}) =>
  install(helm, cluster, {
    release: RELEASE,
    namespace: NAMESPACE,
    values: { ...values, ...changes },
    ...options,
  });

const inNamespace = (...args: string[]) => cluster.kubectl('--namespace', NAMESPACE, ...args);

/** Names of a component's ready pods. */
async function readyPods(component = 'worker', namespace = NAMESPACE): Promise<string[]> {
  const list = await cluster.kubectl(
    ...['--namespace', namespace, 'get', 'pods', '-ojson'],
    ...['--selector', `app.kubernetes.io/component=${component}`],
  );
  type Pod = {
    metadata: { name: string; deletionTimestamp?: string };
    status: { conditions?: { type: string; status: string }[] };
  };
  return (JSON.parse(list) as { items: Pod[] }).items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .filter(({ status }) =>
      status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    )
    .map(({ metadata }) => metadata.name)
    .sort();
}

let sent: string[] = [];
async function send(count: number): Promise<void> {
  sent = [...sent, ...(await sendMessages(stack.queue, loginMessages(count)))];
}

/** Every message that was ever sent is in exactly one row. */
async function expectEachOnce(): Promise<void> {
  const { rows } = await database.pool.query<{ message_id: string }>(
    'select message_id from user_logins union all select message_id from quarantine',
  );
  expect(rows.length).toBe(sent.length);
  expect(new Set(rows.map(({ message_id }) => message_id))).toEqual(new Set(sent));
  expect(await stack.sqs.depth()).toEqual({ visible: 0, inFlight: 0 });
}

/** A migration that the image does not have, mounted beside those that it has. */
async function addMigration(name: string, sql: string): Promise<object> {
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'more-migrations', namespace: NAMESPACE },
    data: { [name]: sql },
  });
  return {
    extraVolumes: [{ name: 'more', configMap: { name: 'more-migrations' } }],
    extraVolumeMounts: [{ name: 'more', mountPath: `/app/migrations/${name}`, subPath: name }],
  };
}

test('an installation migrates an empty database, and two restricted pods drain 10,000 messages', async () => {
  const result = await upgrade();
  expect(result, result.output).toMatchObject({ exitCode: 0 });
  expect(await readyPods()).toHaveLength(2);
  await send(10_000);
  expect(await stack.run()).toMatchObject({ received: 10_000, inserted: 10_000 });
  await expectEachOnce();
});

test('the schedule is there, and helm test finds nothing to fix', async () => {
  await expect(stack.client.schedule.getHandle('ingest-logins').describe()).resolves.toMatchObject({
    spec: { intervals: [{ every: 3_600_000 }] },
  });
  const result = await helm('test', RELEASE, '--namespace', NAMESPACE, '--logs');
  expect(result, result.output).toMatchObject({ exitCode: 0 });
});

test('a pod that is deleted by force in the middle of a run loses nothing and stores nothing twice', async () => {
  await send(3_000);
  const run = await stack.start({ batchSize: 50 });
  await expect
    .poll(async () => (await database.pool.query('select from user_logins')).rowCount, SOON)
    .toBeGreaterThan(10_200);
  const [victim = ''] = await readyPods();
  await inNamespace('delete', 'pod', victim, '--force', '--grace-period=0');
  await run.result();
  await stack.run();
  await expectEachOnce();
  await expect.poll(() => readyPods(), SOON).toHaveLength(2);
});

test('an upgrade under load, with a migration, loses nothing and stores nothing twice; a rollback runs the old image on the newer schema', async () => {
  const before = await readyPods();
  await send(5_000);
  const run = await stack.start({ batchSize: 50 });
  const added = await addMigration(
    '9998_of_the_cluster_test.sql',
    'alter table user_logins add column of_the_cluster_test text;',
  );
  const upgraded = await upgrade({ ...added, podAnnotations: { build: '2' } });
  expect(upgraded, upgraded.output).toMatchObject({ exitCode: 0 });
  await run.result();
  await stack.run();
  await expectEachOnce();
  const { rowCount } = await database.pool.query(
    `select from information_schema.columns where column_name = 'of_the_cluster_test'`,
  );
  expect(rowCount).toBeGreaterThan(0);
  await expect.poll(() => readyPods(), SOON).toHaveLength(2);
  expect((await readyPods()).filter((name) => before.includes(name))).toEqual([]);

  const rolledBack = await helm('rollback', RELEASE, '1', '--namespace', NAMESPACE, '--wait');
  expect(rolledBack, rolledBack.output).toMatchObject({ exitCode: 0 });
  await send(100);
  expect(await stack.run()).toMatchObject({ received: 100, inserted: 100 });
  await expectEachOnce();
});

test('the commands of docs/deploy.md work as they are shown', async () => {
  const env = {
    TEMPORAL_BINARY: inject('temporalBinary'),
    TEMPORAL_ADDRESS: stack.temporal.address,
    HOME: cluster.directory,
  };
  expect(await failingCommands(cluster, env)).toEqual([]);
});

test('a migration that fails leaves the old pods at work, and the upgrade says why', async () => {
  await expect.poll(() => readyPods(), SOON).toHaveLength(2);
  const before = await readyPods();
  const added = await addMigration('9999_fails.sql', 'alter table no_such_table add x text;');
  const result = await upgrade({ ...added, podAnnotations: { build: '3' } });
  expect(result.exitCode).toBe(1);
  expect(result.output).toMatch(/migrat/);
  expect(await readyPods()).toEqual(before);
  await send(100);
  expect(await stack.run()).toMatchObject({ received: 100, inserted: 100 });
  const repaired = await upgrade();
  expect(repaired, repaired.output).toMatchObject({ exitCode: 0 });
});

test('with a Secret that holds no keys, the pod says which setting is wrong', async () => {
  const other = {
    ...values,
    fullnameOverride: 'wrong',
    secrets: { ...values.secrets, ...keysFrom('wrong-keys') },
    migration: { enabled: false, secrets: {} },
    schedule: { enabled: false },
  };
  await install(helm, cluster, {
    release: 'wrong',
    namespace: NAMESPACE,
    values: other,
    wait: false,
  });
  const message = '{.items[*].status.containerStatuses[*].lastState.terminated.message}';
  await expect
    .poll(
      () =>
        inNamespace(
          'get',
          'pods',
          '-l',
          'app.kubernetes.io/instance=wrong',
          '-o',
          `jsonpath=${message}`,
        ),
      SOON,
    )
    .toContain('MASKING_KEYS');
  expect((await helm('uninstall', 'wrong', '--namespace', NAMESPACE)).exitCode).toBe(0);
});

test('KEDA starts a pod when there are messages, more when there are many, and stops the last one when the work is done', async () => {
  await startKeda(cluster, undo);
  const scaled = await upgrade({
    autoscaling: {
      mode: 'keda',
      minReplicas: 0,
      maxReplicas: 3,
      keda: {
        existingSecret: 'worker',
        messagesPerPod: 100,
        pollingSeconds: 2,
        cooldownSeconds: 5,
      },
    },
  });
  expect(scaled, scaled.output).toMatchObject({ exitCode: 0 });
  await expect.poll(() => readyPods(), SOON).toEqual([]);
  await send(1_000);
  await expect.poll(() => readyPods(), SOON).toHaveLength(3);
  expect(await stack.run()).toMatchObject({ inserted: 1_000 });
  await expectEachOnce();
  await expect.poll(() => readyPods(), SOON).toEqual([]);
});

test('the custodian in its own namespace, the codec server with TLS and the read service get ready and pass their probes', async () => {
  const fromCodec = { existingSecret: 'codec' };
  const fromApi = { existingSecret: 'api' };
  const DATABASE_URL = { existingSecret: 'custodian' };
  const upgraded = await upgrade({
    custodian: {
      enabled: true,
      namespace: CUSTODY,
      secrets: { DATABASE_URL, VAULT_PRIVATE_KEY: { existingSecret: 'vault' } },
    },
    codecServer: {
      enabled: true,
      secrets: {
        DATABASE_URL,
        CODEC_SERVER_TOKEN: fromCodec,
        CODEC_SERVER_TLS_CERT: fromCodec,
        CODEC_SERVER_TLS_KEY: fromCodec,
      },
    },
    api: {
      enabled: true,
      replicas: 1,
      lookups: true,
      settings: { API_BEHIND_TLS_PROXY: true },
      secrets: { DATABASE_URL: fromApi, API_TOKENS: fromApi },
    },
  });
  expect(upgraded, upgraded.output).toMatchObject({ exitCode: 0 });
  expect(await readyPods('custodian', CUSTODY)).toHaveLength(1);
  expect(await readyPods('codec-server')).toHaveLength(1);
  expect(await readyPods('api')).toHaveLength(1);
  const events = await cluster.kubectl('get', 'events', '--all-namespaces');
  expect(events.split('\n').filter((line) => /Liveness probe failed/.test(line))).toEqual([]);
});

test('with worker versioning, a run goes to the build that was installed last, and the older one stays until the removal', async () => {
  for (const buildId of ['a', 'b']) {
    const upgraded = await upgrade({ versioning: { enabled: true, buildId } });
    expect(upgraded, upgraded.output).toMatchObject({ exitCode: 0 });
    await send(200);
    expect(await stack.run()).toMatchObject({ received: 200, inserted: 200 });
    await expectEachOnce();
  }
  const deployments = await inNamespace('get', 'deployments', '-oname');
  expect(deployments.trim().split('\n').sort()).toEqual([
    'deployment.apps/logins-login-etl-worker-a',
    'deployment.apps/logins-login-etl-worker-b',
  ]);
});

test('removal leaves no object behind', async () => {
  const removed = await helm('uninstall', RELEASE, '--namespace', NAMESPACE, '--wait');
  expect(removed, removed.output).toMatchObject({ exitCode: 0 });
  const kinds = (await cluster.kubectl('api-resources', '--verbs=list', '--namespaced', '-oname'))
    .trim()
    .split('\n')
    .filter((kind) => !/^(events|.*metrics)/.test(kind));
  const left = async (namespace: string) =>
    (await cluster.kubectl('--namespace', namespace, 'get', kinds.join(','), '-oname'))
      .trim()
      .split('\n')
      .filter((name) => !name.startsWith('secret/'))
      .sort();
  const ofEachNamespace = ['configmap/kube-root-ca.crt', 'serviceaccount/default'];
  await expect.poll(() => left(CUSTODY), SOON).toEqual(ofEachNamespace);
  await expect
    .poll(() => left(NAMESPACE), SOON)
    .toEqual([...ofEachNamespace, 'configmap/more-migrations'].sort());
  const secrets = await inNamespace('get', 'secrets', '-oname');
  expect(secrets.trim().split('\n').sort()).toEqual(
    ['api', 'codec', 'custodian', 'keys', 'owner', 'worker', 'wrong-keys'].map(
      (name) => `secret/${name}`,
    ),
  );
});

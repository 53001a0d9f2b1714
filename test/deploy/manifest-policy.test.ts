import { expect, test } from 'vitest';
import { type Manifest, violations } from '../../scripts/helm-chart/manifest-policy.ts';

const RESTRICTED = {
  name: 'worker',
  image: 'login-etl:1.2.3',
  terminationMessagePolicy: 'FallbackToLogsOnError',
  resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { memory: '1Gi' } },
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  },
};

const deployment = (pod: object = {}, container: object = {}, spec: object = {}): Manifest => ({
  kind: 'Deployment',
  metadata: { name: 'worker', namespace: 'etl' },
  spec: {
    ...spec,
    template: {
      spec: {
        automountServiceAccountToken: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 1000,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        containers: [{ ...RESTRICTED, ...container }],
        ...pod,
      },
    },
  },
});

const without = (key: string) => ({
  securityContext: { ...RESTRICTED.securityContext, [key]: undefined },
});

test('a restricted pod is accepted', () => {
  expect(violations([deployment()])).toEqual([]);
});

test.each([
  ['shares a namespace of the node', deployment({ hostNetwork: true })],
  ['mounts a token', deployment({ automountServiceAccountToken: undefined })],
  ['may run as root', deployment({ securityContext: { runAsUser: 1000 } })],
  ['has no user of its own', deployment({ securityContext: { runAsNonRoot: true } })],
  ['has a volume of the type hostPath', deployment({ volumes: [{ name: 'a', hostPath: {} }] })],
  ['is privileged', deployment({}, { securityContext: { privileged: true } })],
  ['may gain privileges', deployment({}, without('allowPrivilegeEscalation'))],
  ['keeps capabilities', deployment({}, without('capabilities'))],
  ['may write to its image', deployment({}, without('readOnlyRootFilesystem'))],
  ['may gain privileges', deployment({ initContainers: [{ image: 'a:1' }] })],
  ['requests no resources', deployment({}, { resources: {} })],
  ['has an image without a version', deployment({}, { image: 'registry:5000/login-etl' })],
  ['has an image without a version', deployment({}, { image: 'login-etl:latest' })],
  ['takes a port of the node', deployment({}, { ports: [{ hostPort: 80 }] })],
  ['hides why it failed', deployment({}, { terminationMessagePolicy: undefined })],
])('a pod that %s is refused', (reason, manifest) => {
  expect(violations([manifest])).toContain(`Deployment worker ${reason}`);
});

test('a secret and rights in the cluster are refused', () => {
  const metadata = { name: 'a', namespace: 'etl' };
  const kinds = ['Secret', 'Role', 'ClusterRoleBinding'];
  expect(violations(kinds.map((kind) => ({ kind, metadata })))).toHaveLength(kinds.length);
});

test('replicas of a Deployment that is scaled automatically are refused', () => {
  const scaledObject = {
    kind: 'ScaledObject',
    metadata: { name: 'scaled', namespace: 'etl' },
    spec: { scaleTargetRef: { name: 'worker' } },
  };
  expect(violations([scaledObject, deployment({}, {}, { replicas: 2 })])).toHaveLength(1);
  expect(violations([scaledObject, deployment()])).toEqual([]);
});

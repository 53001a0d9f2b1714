import { RESTRICTED_VOLUMES } from './manifest-policy.ts';

/** JSON Schemas of the values that have a form of Kubernetes' own: closed, so that a typing error is noticed. */
export type Schema = { readonly [key: string]: unknown };

const text: Schema = { type: 'string' };
const anything: Schema = {};
const list = (items: Schema): Schema => ({ type: 'array', items });

export const closed = (properties: Record<string, Schema>, required?: string[]): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...(required && { required }),
});

/** Fields whose values the API server checks. */
const unchecked = (...names: string[]): Record<string, Schema> =>
  Object.fromEntries(names.map((name) => [name, anything]));

const fields = (...names: string[]): Schema => closed(unchecked(...names));

const quantities: Schema = {
  type: 'object',
  additionalProperties: { type: ['string', 'number'] },
};
export const resources = closed({ limits: quantities, requests: quantities });

const profile = fields('type', 'localhostProfile');
const ofBoth = {
  ...unchecked('runAsNonRoot', 'runAsUser', 'runAsGroup', 'seLinuxOptions', 'windowsOptions'),
  appArmorProfile: profile,
  seccompProfile: profile,
};
export const podSecurityContext = closed({
  ...ofBoth,
  ...unchecked('fsGroup', 'fsGroupChangePolicy', 'supplementalGroups', 'supplementalGroupsPolicy'),
  ...unchecked('seLinuxChangePolicy', 'sysctls'),
});
export const securityContext = closed({
  ...ofBoth,
  ...unchecked('allowPrivilegeEscalation', 'privileged', 'procMount', 'readOnlyRootFilesystem'),
  capabilities: fields('add', 'drop'),
});

export const tolerations = list(fields('key', 'operator', 'value', 'effect', 'tolerationSeconds'));

const expressions = list(fields('key', 'operator', 'values'));
const selector = closed({ matchLabels: anything, matchExpressions: expressions });
const nodeTerm = closed({ matchExpressions: expressions, matchFields: expressions });
const podTerm = closed({
  ...unchecked('topologyKey', 'namespaces', 'matchLabelKeys', 'mismatchLabelKeys'),
  labelSelector: selector,
  namespaceSelector: selector,
});
const rules = (required: Schema, preferred: Schema): Schema =>
  closed({
    requiredDuringSchedulingIgnoredDuringExecution: required,
    preferredDuringSchedulingIgnoredDuringExecution: list(preferred),
  });
const ofPods = rules(list(podTerm), closed({ weight: anything, podAffinityTerm: podTerm }));
export const affinity = closed({
  nodeAffinity: rules(
    closed({ nodeSelectorTerms: list(nodeTerm) }),
    closed({ weight: anything, preference: nodeTerm }),
  ),
  podAffinity: ofPods,
  podAntiAffinity: ofPods,
});

export const peers = list(
  closed({
    ipBlock: closed({ cidr: text, except: list(text) }, ['cidr']),
    namespaceSelector: selector,
    podSelector: selector,
  }),
);
export const egressRules = list(
  closed({ ports: list(fields('port', 'protocol', 'endPort')), to: peers }),
);

export const imagePullSecrets = list(closed({ name: text }, ['name']));

export const volumes = list(closed({ name: text, ...unchecked(...RESTRICTED_VOLUMES) }, ['name']));
export const mounts = list(
  closed(
    {
      ...unchecked('subPath', 'subPathExpr', 'readOnly', 'recursiveReadOnly', 'mountPropagation'),
      name: text,
      mountPath: text,
    },
    ['name', 'mountPath'],
  ),
);

/** @param taken names that have another place among the values */
export const environment = (taken: readonly string[]): Schema =>
  list(
    closed(
      {
        name: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$', not: { enum: taken } },
        value: text,
        valueFrom: fields('configMapKeyRef', 'fieldRef', 'resourceFieldRef', 'secretKeyRef'),
      },
      ['name'],
    ),
  );

/** A Go program that the checks of deploy/ or the cluster test run, and how to build it from the Go module proxy. */
export type Tool = {
  readonly module: string;
  readonly version: string;
  readonly package: string;
  readonly replace?: readonly string[];
  /** Kubernetes: its staging modules have the version 0.x of its own 1.x, and its version is set when it is linked. */
  readonly kubernetes?: true;
  /** CPU minutes on one core, for the announcement. */
  readonly minutes: number;
};

const KUBERNETES_VERSION = 'v1.34.4';

const kubernetes = (name: string, minutes: number): Tool => ({
  module: 'k8s.io/kubernetes',
  version: KUBERNETES_VERSION,
  package: `k8s.io/kubernetes/cmd/${name}`,
  kubernetes: true,
  minutes,
});

const keda = (name: string, minutes: number): Tool => ({
  module: 'github.com/kedacore/keda/v2',
  version: 'v2.21.0',
  package: `github.com/kedacore/keda/v2/cmd/${name}`,
  minutes,
});

/** For `npm run check:deploy`. */
export const CHECK_TOOLS = {
  actionlint: {
    module: 'github.com/rhysd/actionlint',
    version: 'v1.7.12',
    package: 'github.com/rhysd/actionlint/cmd/actionlint',
    minutes: 1,
  },
  helm: {
    module: 'helm.sh/helm/v4',
    version: 'v4.3.1',
    package: 'helm.sh/helm/v4/cmd/helm',
    minutes: 7,
  },
  kubeconform: {
    module: 'github.com/yannh/kubeconform',
    version: 'v0.8.0',
    package: 'github.com/yannh/kubeconform/cmd/kubeconform',
    minutes: 1,
  },
  'helm-unittest': {
    module: 'github.com/helm-unittest/helm-unittest',
    version: 'v1.1.2',
    package: 'github.com/helm-unittest/helm-unittest/cmd/helm-unittest',
    replace: ['github.com/vmware-labs/yaml-jsonpath=github.com/helm-unittest/yaml-jsonpath@v0.4.0'],
    minutes: 3,
  },
} satisfies Record<string, Tool>;

/** For `npm run test:kubernetes`, in addition. */
export const CLUSTER_TOOLS = {
  'kube-apiserver': kubernetes('kube-apiserver', 15),
  kubelet: kubernetes('kubelet', 5),
  'kube-scheduler': kubernetes('kube-scheduler', 2),
  'kube-controller-manager': kubernetes('kube-controller-manager', 3),
  kubectl: {
    module: 'k8s.io/kubernetes',
    version: KUBERNETES_VERSION,
    package: 'k8s.io/kubernetes/cmd/kubectl',
    kubernetes: true,
    minutes: 1,
  },
  'keda-operator': keda('operator', 15),
  'keda-adapter': keda('adapter', 2),
} satisfies Record<string, Tool>;

/** For `npm run test:compose`. */
export const COMPOSE_TOOLS = {
  'docker-compose': {
    module: 'github.com/docker/compose/v2',
    version: 'v2.40.3',
    package: 'github.com/docker/compose/v2/cmd',
    minutes: 6,
  },
} satisfies Record<string, Tool>;

/** For `npm run release:rehearse`. */
const RELEASE_TOOLS = {
  cosign: {
    module: 'github.com/sigstore/cosign/v3',
    version: 'v3.1.3',
    package: 'github.com/sigstore/cosign/v3/cmd/cosign',
    minutes: 4,
  },
  registry: {
    module: 'github.com/distribution/distribution/v3',
    version: 'v3.0.0',
    package: 'github.com/distribution/distribution/v3/cmd/registry',
    minutes: 6,
  },
} satisfies Record<string, Tool>;

export const TOOLS: Readonly<Record<string, Tool>> = {
  ...CHECK_TOOLS,
  ...CLUSTER_TOOLS,
  ...COMPOSE_TOOLS,
  ...RELEASE_TOOLS,
};

/** A package of Python with the JSON Schemas of Kubernetes' objects. */
export const SCHEMAS_PACKAGE = 'kubernetes-validate==1.37.0';
/** The oldest version that the chart supports, and that of the cluster test. */
export const SCHEMA_VERSIONS = ['1.28.0', '1.34.0'];

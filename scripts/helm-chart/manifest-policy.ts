/** An object of Kubernetes, as it is rendered. */
// biome-ignore lint/suspicious/noExplicitAny: of any kind
export type Manifest = Record<string, any>;

/** Volumes that the restricted Pod Security Standard allows. */
export const RESTRICTED_VOLUMES = [
  ...['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim'],
  ...['projected', 'secret'],
];
const ALLOWED_VOLUMES = new Set([...RESTRICTED_VOLUMES, 'name']);
/** The chart needs no rights in the cluster, and never contains a secret. */
const REFUSED_KINDS = /^(Secret|(Cluster)?Role(Binding)?)$/;
const NAME_LENGTH = 63;

/** What breaks the restricted Pod Security Standard or a rule of this chart, each with the object's name. */
export function violations(manifests: readonly Manifest[]): string[] {
  const scaled = manifests
    .filter(({ kind }) => /^(ScaledObject|HorizontalPodAutoscaler)$/.test(kind))
    .map(({ spec }) => spec.scaleTargetRef.name);
  return manifests.flatMap((manifest) => {
    const { kind, metadata, spec } = manifest;
    const found = [
      ...when(REFUSED_KINDS.test(kind), 'is of a kind that the chart may not make'),
      ...when(!metadata.namespace, 'has no namespace'),
      ...when(metadata.name.length > NAME_LENGTH, 'has a name that is too long'),
      ...when(
        scaled.includes(metadata.name) &&
          spec.replicas !== undefined &&
          metadata.annotations?.['helm.sh/hook'] !== 'post-delete',
        'has replicas and is scaled automatically: each upgrade would reset them',
      ),
      ...(spec?.template?.spec ? ofPod(spec.template.spec) : []),
    ];
    return found.map((text) => `${kind} ${metadata.name} ${text}`);
  });
}

function ofPod(pod: Manifest): string[] {
  const { securityContext: own = {}, volumes = [] } = pod;
  const types = volumes.flatMap((volume: Manifest) => Object.keys(volume));
  return [
    ...when(pod.hostNetwork || pod.hostPID || pod.hostIPC, 'shares a namespace of the node'),
    ...when(pod.automountServiceAccountToken !== false, 'mounts a token'),
    ...when(own.runAsNonRoot !== true, 'may run as root'),
    ...when(!(own.runAsUser >= 1000), 'has no user of its own'),
    ...when(own.seccompProfile?.type !== 'RuntimeDefault', 'has no seccomp profile'),
    ...types
      .filter((type: string) => !ALLOWED_VOLUMES.has(type))
      .map((type: string) => `has a volume of the type ${type}`),
    ...[...(pod.initContainers ?? []), ...pod.containers].flatMap(ofContainer),
  ];
}

function ofContainer(container: Manifest): string[] {
  const { securityContext: own = {}, resources = {}, image, ports = [] } = container;
  return [
    ...when(own.privileged === true, 'is privileged'),
    ...when(own.allowPrivilegeEscalation !== false, 'may gain privileges'),
    ...when(own.capabilities?.drop?.includes('ALL') !== true, 'keeps capabilities'),
    ...when((own.capabilities?.add ?? []).length > 0, 'adds capabilities'),
    ...when(own.readOnlyRootFilesystem !== true, 'may write to its image'),
    ...when(own.runAsUser === 0 || own.runAsNonRoot === false, 'may run as root'),
    ...when(!resources.requests?.cpu || !resources.requests.memory, 'requests no resources'),
    ...when(!resources.limits?.memory, 'has no limit of memory'),
    ...when(!/(:(?!latest$)[^:/]+|@sha256:\w+)$/.test(image), 'has an image without a version'),
    ...when(
      ports.some(({ hostPort }: Manifest) => hostPort !== undefined),
      'takes a port of the node',
    ),
    ...when(container.terminationMessagePolicy !== 'FallbackToLogsOnError', 'hides why it failed'),
  ];
}

const when = (isBroken: boolean, text: string): string[] => (isBroken ? [text] : []);

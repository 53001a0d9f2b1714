/** A program and its arguments. */
export type Command = readonly [program: string, ...args: string[]];

export type Build = {
  readonly version: string;
  /** The commit. */
  readonly revision: string;
};

export type Registries = {
  /** Without a tag, such as ghcr.io/example/login-etl. */
  readonly image: string;
  /** Such as oci://ghcr.io/example/charts. */
  readonly charts: string;
};

export const OUTPUT = 'build/release';
export const IMAGE_METADATA = `${OUTPUT}/image.json`;
export const NOTES = `${OUTPUT}/notes.md`;
export const sbomFile = ({ version }: Build): string => `${OUTPUT}/login-etl-${version}.cdx.json`;
const chartFile = ({ version }: Build): string => `${OUTPUT}/login-etl-${version}.tgz`;

const labels = ({ version, revision }: Build): string[] => [
  ...['--label', `org.opencontainers.image.version=${version}`],
  ...['--label', `org.opencontainers.image.revision=${revision}`],
];

/** For this machine only. */
export const buildImage = (build: Build, engine: string, options: readonly string[]): Command[] => [
  [engine, 'build', ...labels(build), '--tag', `login-etl:${build.version}`, ...options, '.'],
];

/** Pushed under the commit's name: it gets the version's name when it is signed and published. */
export const pushImage = (
  build: Build,
  { image }: Registries,
  options: readonly string[],
): Command[] => [
  // The default builder cannot attach provenance.
  ['docker', 'buildx', 'create', '--driver', 'docker-container', '--use'],
  [
    ...(['docker', 'buildx', 'build', ...labels(build)] as const),
    ...['--tag', `${image}:sha-${build.revision}`, '--provenance', 'mode=max'],
    ...['--metadata-file', IMAGE_METADATA, '--push', ...options, '.'],
  ],
];

export const packageChart = ({ version }: Build, helm: string): Command[] => [
  [
    ...([helm, 'package', 'deploy/helm/login-etl', '--destination', OUTPUT] as const),
    ...['--version', version, '--app-version', version],
  ],
];

export const LIST_PACKAGES: Command = [
  ...(['npm', 'sbom', '--package-lock-only'] as const),
  ...['--sbom-format', 'cyclonedx', '--sbom-type', 'application'],
];

/** Without a key: cosign proves the pipeline's identity to Sigstore by its OIDC token. `digest` is that of the pushed image. */
export function sign(build: Build, registries: Registries, digest: string): Command[] {
  const image = `${registries.image}@${digest}`;
  const sbom = sbomFile(build);
  const signFile = (file: string): Command => [
    ...(['cosign', 'sign-blob', '--yes', '--bundle', `${file}.sigstore.json`, file] as const),
  ];
  return [
    ['cosign', 'sign', '--yes', image],
    ['cosign', 'attest', '--yes', '--type', 'cyclonedx', '--predicate', sbom, image],
    signFile(chartFile(build)),
    signFile(sbom),
  ];
}

export function publish(
  build: Build,
  { image, charts }: Registries,
  digest: string,
  helm: string,
): Command[] {
  const name = ['--tag', `${image}:${build.version}`, `${image}@${digest}`];
  return [
    ['docker', 'buildx', 'imagetools', 'create', ...name],
    [helm, 'push', chartFile(build), charts],
  ];
}

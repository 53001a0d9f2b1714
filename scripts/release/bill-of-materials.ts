type Component = { 'bom-ref': string; properties?: { name: string; value: string }[] };
type Dependency = { ref: string; dependsOn?: string[] };
export type BillOfMaterials = {
  serialNumber?: string;
  metadata: { timestamp?: string; component: Component & { name: string } };
  components: Component[];
  dependencies: Dependency[];
};

/**
 * The packages that the image contains, from CycloneDX as `npm sbom` prints it: without development packages, because
 * `npm sbom --omit dev` of npm 11 also leaves out what the others depend on. The same commit gives the same text.
 */
export function releasedPackages(all: BillOfMaterials): Omit<BillOfMaterials, 'serialNumber'> {
  const { serialNumber: _, metadata, ...rest } = all;
  const { timestamp: __, component, ...described } = metadata;
  const components = all.components.filter(({ properties = [] }) =>
    properties.every(({ name }) => name !== 'cdx:npm:package:development'),
  );
  const root = component['bom-ref'];
  const kept = new Set([root, ...components.map((each) => each['bom-ref'])]);
  const dependencies = all.dependencies
    .filter(({ ref }) => kept.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((on) => kept.has(on)) }));
  // npm names the application after its directory.
  const named = { ...component, name: root.split('@')[0] ?? root };
  return { ...rest, metadata: { ...described, component: named }, components, dependencies };
}

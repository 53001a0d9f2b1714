/** What CHANGELOG.md says of a version, without its heading; undefined if there is no such section. */
export function changelogSection(changelog: string, version: string): string | undefined {
  const section = changelog
    .split(/^## /m)
    .slice(1)
    .find((each) => each.startsWith(`[${version}]`));
  return section?.slice(section.indexOf('\n') + 1).trim();
}

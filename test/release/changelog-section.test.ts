import { expect, test } from 'vitest';
import { changelogSection } from '../../scripts/release/changelog-section.ts';

const CHANGELOG =
  '# Changelog\n\n## [1.2.0] - 2026-01-02\n\n### Added\n\n- A.\n\n## [1.1.0]\n\n- B.\n';

test('the notes of a version are its section of the changelog', () => {
  expect(changelogSection(CHANGELOG, '1.2.0')).toBe('### Added\n\n- A.');
  expect(changelogSection(CHANGELOG, '1.1.0')).toBe('- B.');
});

test.each(['1.2', '1.2.1', '2.0'])('there is no section of %s', (version) => {
  expect(changelogSection(CHANGELOG, version)).toBeUndefined();
});

import { afterEach, expect, test, vi } from 'vitest';
import { environmentWithOnly } from '../../src/config/process-environment.ts';
import { SETTINGS } from '../../src/config/settings.ts';

afterEach(() => vi.unstubAllEnvs());

test.each(SETTINGS.filter(({ secret }) => secret).map(({ name }) => name))(
  'the editor that `quarantine edit` starts gets neither %s nor the path of its file',
  (name) => {
    vi.stubEnv(name, 'secret');
    vi.stubEnv(`${name}_FILE`, '/secret');
    const environment = environmentWithOnly({});
    expect([environment[name], environment[`${name}_FILE`]]).toEqual([undefined, undefined]);
    expect(environment.PATH).toBe(process.env.PATH);
  },
);

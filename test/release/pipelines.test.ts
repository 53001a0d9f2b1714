import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import manifest from '../../package.json' with { type: 'json' };

const STAGES = ['check', 'test', 'deploy', 'image', 'chart', 'sign', 'publish', 'nightly'];

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Names of npm scripts, by stage. */
type Scripts = Record<string, string[]>;

const PROJECTS = ['unit', 'parts', 'system'];

function scriptsIn(text: string): string[] {
  return [...text.matchAll(/npm run ([\w:-]+)(\$\{\{ matrix\.project \}\}|\$PROJECT)?/g)].flatMap(
    ([, name = '', variable]) => (variable ? PROJECTS.map((each) => name + each) : [name]),
  );
}

function byStage(texts: readonly (readonly [stage: string, text: string])[]): Scripts {
  const stages = [...new Set(texts.map(([stage]) => stage))].sort(
    (left, right) => STAGES.indexOf(left) - STAGES.indexOf(right),
  );
  return Object.fromEntries(
    stages.map((stage) => {
      const own = texts.filter(([each]) => each === stage).flatMap(([, text]) => scriptsIn(text));
      return [stage, [...new Set(own)].sort()];
    }),
  );
}

type Job = { uses?: string; steps?: { run?: string; uses?: string }[]; permissions?: object };
type Workflow = { permissions: object; jobs: Record<string, Job> };

const WORKFLOWS = ['ci', 'release', 'nightly'].map(
  (name) => parse(read(`.github/workflows/${name}.yml`)) as Workflow,
);
const JOBS = WORKFLOWS.flatMap(({ jobs }) => Object.entries(jobs));

/** A job is called after its stage: `test`, `test-postgres`. */
const github = (): Scripts =>
  byStage(
    JOBS.filter(([, { steps }]) => steps).map(([name, { steps = [] }]) => [
      name.split('-')[0] ?? name,
      steps.map(({ run = '' }) => run).join('\n'),
    ]),
  );

function gitlab(): Scripts {
  const jobs = Object.values(parse(read('.gitlab-ci.yml')) as Record<string, unknown>);
  return byStage(
    jobs.flatMap((job) => {
      const { stage, script } = job as { stage?: string; script?: string[] };
      return stage && script ? [[stage, script.join('\n')] as const] : [];
    }),
  );
}

function jenkins(): Scripts {
  const [, ...stages] = read('Jenkinsfile').split(/^ {4}stage\('/m);
  return byStage(stages.map((text) => [text.slice(0, text.indexOf("'")), text]));
}

test.each([
  ['GitHub', github],
  ['GitLab', gitlab],
  ['Jenkins', jenkins],
])('the pipeline of %s has the stages, and calls npm scripts that exist', (_, scripts) => {
  expect(Object.keys(scripts())).toEqual(STAGES);
  expect(scripts().nightly).toEqual(['bench', 'test:faults']);
  const unknown = Object.values(scripts())
    .flat()
    .filter((name) => !(name in manifest.scripts));
  expect(unknown).toEqual([]);
});

test('all pipelines call the same npm scripts in the same stages', () => {
  expect(gitlab()).toEqual(github());
  expect(jenkins()).toEqual(github());
});

test('every action is pinned by commit, with its version in a comment', () => {
  const uses = ['ci', 'release', 'nightly']
    .flatMap((name) => read(`.github/workflows/${name}.yml`).split('\n'))
    .filter((line) => /^\s*(- )?uses: (?!\.\/)/.test(line));
  expect(uses.length).toBeGreaterThan(10);
  expect(uses.filter((line) => !/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
});

test('a workflow has no permissions, and a job those that it names', () => {
  expect(WORKFLOWS.map(({ permissions }) => permissions)).toEqual([{}, {}, {}]);
  expect(JOBS.filter(([, { permissions }]) => !permissions)).toEqual([]);
});

/**
 * Which rooms of `src/` a room may import from. Imports point one way: from the programs to the clients, from the
 * clients to the domain.
 */
export type RoomRule = {
  /** Rooms, or single files, that may be imported. */
  from: readonly string[];
  /** Rooms of which only types may be imported. */
  typesFrom?: readonly string[];
};

const CLIENTS = ['domain', 'errors', 'batch', 'crypto', 'queue', 'postgres'];

export const ROOM_RULES: Readonly<Record<string, RoomRule>> = {
  domain: { from: [] },
  errors: { from: ['domain'] },
  aws: { from: ['errors'] },
  queue: { from: ['domain', 'errors', 'aws'] },
  crypto: { from: ['domain', 'errors', 'batch', 'aws'] },
  batch: { from: ['domain', 'errors'] },
  postgres: { from: ['domain', 'errors'], typesFrom: ['batch'] },
  config: { from: ['domain', 'errors', 'crypto'], typesFrom: ['queue', 'postgres'] },
  http: { from: ['domain', 'errors'], typesFrom: ['config'] },
  activities: { from: CLIENTS },
  workflows: { from: ['domain', 'batch'], typesFrom: ['activities'] },
  temporal: { from: ['domain', 'errors', 'batch', 'crypto', 'config', 'telemetry'] },
  telemetry: { from: [...CLIENTS, 'config', 'http', 'temporal'], typesFrom: ['activities'] },
  'codec-server': { from: [...CLIENTS, 'config', 'http', 'telemetry'] },
  api: { from: [...CLIENTS, 'config', 'http', 'telemetry'] },
  cli: {
    from: [
      ...CLIENTS,
      ...['activities', 'temporal', 'telemetry', 'config', 'codec-server', 'api'],
      ...['build-info.ts', 'stop-signals.ts', 'worker.ts', 'custodian.ts'],
    ],
  },
  local: {
    from: [
      ...[...CLIENTS, 'temporal', 'telemetry', 'config', 'build-info.ts', 'stop-signals.ts'],
      'cli/terminal/table.ts',
      'cli/terminal/wrap-line.ts',
    ],
  },
};

const NODE_BUILT_INS =
  '^(node:|assert|buffer|child_process|crypto|fs|http|net|os|path|process|stream|timers|url|util|worker_threads|zlib)';

const WORKFLOW_PATTERNS = [
  { regex: NODE_BUILT_INS, message: 'Workflow code is deterministic: no Node built-ins.' },
  {
    regex: '^@temporalio/(worker|client|activity)',
    message: 'Workflow code runs in the workflow sandbox.',
  },
];

/** Folders below a room: `src/cli/commands/watch/` is two deep. */
const MAX_DEPTH = 3;

/** The rules as overrides of oxlint: for each room, and for each depth of its folders. */
export const importRules = () =>
  Object.entries(ROOM_RULES).flatMap(([room, rule]) =>
    Array.from({ length: MAX_DEPTH }, (_, depth) => ({
      files: [`src/${room}/${'*/'.repeat(depth)}*.ts`],
      rules: { 'typescript/no-restricted-imports': restrictions(room, rule, depth) },
    })),
  );

function restrictions(room: string, { from, typesFrom = [] }: RoomRule, depth: number) {
  const up = '../'.repeat(depth + 1);
  const message = `src/${room} imports only from: ${[...from, ...typesFrom.map((each) => `${each} (types)`)].join(', ')}.`;
  const below = (each: string) => (each.endsWith('.ts') ? [`${up}${each}`] : [`${up}${each}/**`]);
  const allowed = [...from, ...typesFrom].flatMap(below).map((each) => `!${each}`);
  const patterns: object[] = typesFrom.map((each) => ({
    regex: `^${up}${each}/`.replaceAll('.', '\\.'),
    allowTypeImports: true,
    message,
  }));
  patterns.push({ group: [`${up}**`, ...allowed], message });
  if (room === 'workflows') patterns.push(...WORKFLOW_PATTERNS);
  return ['error', { patterns }] as ['error', { patterns: object[] }];
}

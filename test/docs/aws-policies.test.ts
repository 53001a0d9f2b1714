import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { fencedBlocks, ROOT, readDocument } from './documents.ts';

/** The grammar of IAM's policies, as far as ours use it. */
const Statement = z.strictObject({
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z.strictObject({ Federated: z.string().startsWith('arn:aws:iam::') }).optional(),
  Action: z.union([z.string(), z.array(z.string().regex(/^[a-z]+:[A-Z]\w+$/)).min(1)]),
  Resource: z
    .string()
    .regex(/^arn:aws:sqs:[\w-]+:\w+:[\w-]+$/)
    .optional(),
  Condition: z
    .strictObject({ StringEquals: z.record(z.string().regex(/:(aud|sub)$/), z.string()) })
    .optional(),
});
const Policy = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.array(Statement).min(1),
});

const policies = (path: string) =>
  fencedBlocks({ path, text: readDocument(path) })
    .filter(({ language, lines }) => language === 'json' && lines.join('').includes('"Statement"'))
    .map(({ lines }) => Policy.parse(JSON.parse(lines.join('\n'))));

/** Operations that the sources call, by those of a client's commands and of the fast client. */
function operations(client: string): string[] {
  const texts = globSync('src/**/*.ts', { cwd: ROOT, exclude: ['src/local/**'] }).map((path) =>
    readFileSync(`${ROOT}${path}`, 'utf8'),
  );
  const ofSdk = texts
    .filter((text) => text.includes(`'@aws-sdk/client-${client}'`))
    .flatMap((text) => [...text.matchAll(/\bnew (\w+)Command\(/g)]);
  const fast = texts.flatMap((text) => [...text.matchAll(/\.call<\w+>\(\s*'(\w+)'/g)]);
  const names = [...ofSdk, ...(client === 'sqs' ? fast : [])].map(([, name = '']) => name);
  // A call for a batch needs the right to the single one.
  return [...new Set(names.map((name) => name.replace(/Batch$/, '')))].sort();
}

const named = (path: string, service: string): string[] =>
  [...new Set(readDocument(path).matchAll(new RegExp(`\`${service}:(\\w+)\``, 'g')))]
    .map(([, name = '']) => name)
    .sort();

test('the policy of the worker allows what the sources call, but for sending, and nothing else', () => {
  const [worker, ...others] = policies('docs/security.md');
  expect(others).toEqual([]);
  const [{ Action: allowed } = {}] = worker?.Statement ?? [];
  const called = operations('sqs').filter((name) => name !== 'SendMessage');
  expect(new Set([allowed].flat())).toEqual(new Set(called.map((name) => `sqs:${name}`)));
  expect(operations('sqs')).toContain('SendMessage');
});

test('the role trusts one service account', () => {
  const [trust, ...others] = policies('docs/deploy.md');
  expect(others).toEqual([]);
  expect(trust?.Statement).toMatchObject([{ Action: 'sts:AssumeRoleWithWebIdentity' }]);
  expect(Object.values(trust?.Statement[0]?.Condition?.StringEquals ?? {})).toContain(
    'system:serviceaccount:etl:logins-login-etl',
  );
});

test('the documents name the rights for KMS and Secrets Manager that the sources need', () => {
  expect(named('docs/custody.md', 'kms')).toEqual(operations('kms'));
  expect(named('docs/keys.md', 'secretsmanager')).toEqual(operations('secrets-manager'));
});

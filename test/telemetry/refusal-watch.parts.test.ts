import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../src/local/ports/free-port.ts';
import { startHealthServer } from '../../src/telemetry/health/health-server.ts';
import type { States } from '../../src/telemetry/health/readiness.ts';
import { watchRefusals } from '../../src/telemetry/health/refusal-watch.ts';

const OK: States = { temporal: 'ok', postgres: 'ok', queue: 'ok' };

/** Gives up after a second, and looks four times until then. */
function watch(look: () => States) {
  let looks = 0;
  const readiness = async () => {
    looks += 1;
    return look();
  };
  const refusals = watchRefusals(readiness, {
    exitSeconds: 1,
    renew: async () => undefined,
    logger: pino({ level: 'silent' }),
  });
  onTestFinished(() => refusals.stop());
  const untilLooks = (count: number) => expect.poll(() => looks, { timeout: 10_000 }).toBe(count);
  return { ...refusals, untilLooks };
}

test('a part that refuses the credentials for too long is named with the settings, and /healthz is 503', async () => {
  const { gaveUp, hasGivenUp } = watch(() => ({ ...OK, postgres: 'refused' }));
  const port = await freePort();
  const health = await startHealthServer({ host: '127.0.0.1', port }, async () => OK, hasGivenUp);
  onTestFinished(() => health.close());
  const healthz = async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).status;
  expect(await healthz()).toBe(200);
  expect((await gaveUp).message).toMatch(
    /Postgres .*CREDENTIALS_REFUSED_EXIT_SECONDS.*DATABASE_URL/,
  );
  expect(await healthz()).toBe(503);
});

test('credentials that are accepted in between start a new period', async () => {
  let looks = 0;
  const { hasGivenUp, untilLooks } = watch(() => {
    looks += 1;
    return { ...OK, temporal: looks % 3 === 0 ? 'ok' : 'refused' };
  });
  await untilLooks(12);
  expect(hasGivenUp()).toBe(false);
});

test('a part that cannot be reached does not count as one that refuses the credentials', async () => {
  const { hasGivenUp, refused, untilLooks } = watch(() => ({ ...OK, queue: 'unreachable' }));
  await untilLooks(8);
  expect([hasGivenUp(), refused()]).toEqual([false, undefined]);
});

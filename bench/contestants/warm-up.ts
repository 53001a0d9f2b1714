/** A contestant's process prints this after its warm-up; the bench waits for it. */
export const READY = 'warm and waiting';
/** The bench's signal to start. */
export const GO = 'SIGUSR2';

/** How many messages a contestant handles before it waits for the bench's signal. */
export const warmMessages = (): number => Number(process.env.BENCH_WARM_MESSAGES);

/** Reports the end of the warm-up. Resolves at the bench's signal, when the queue is filled. */
export async function untilGo(): Promise<void> {
  const alive = setInterval(() => {}, 1_000);
  const go = new Promise<void>((resolve) => {
    process.once(GO, () => resolve());
  });
  process.stdout.write(`${READY}\n`);
  await go;
  clearInterval(alive);
}

/** What a contestant's process says once it is warm; the bench waits for it. */
export const READY = 'warm and waiting';
/** The bench's go. */
export const GO = 'SIGUSR2';

/** How many messages a contestant handles before it waits for the bench's go. */
export const warmMessages = (): number => Number(process.env.BENCH_WARM_MESSAGES);

/** Says that the warm-up is over. Resolves when the bench says go: the queue is filled by then. */
export async function untilGo(): Promise<void> {
  const alive = setInterval(() => {}, 1_000);
  const go = new Promise<void>((resolve) => {
    process.once(GO, () => resolve());
  });
  process.stdout.write(`${READY}\n`);
  await go;
  clearInterval(alive);
}

/**
 * What asks a long-running program to finish its work and end. SIGHUP is one of them: Node restores its default action,
 * so that even under nohup a closed terminal would end the program in the middle of a step.
 */
export const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

type StopSignal = (typeof STOP_SIGNALS)[number];

export function onStopSignal(stop: (signal: StopSignal) => void): void {
  for (const signal of STOP_SIGNALS) process.on(signal, () => stop(signal));
}

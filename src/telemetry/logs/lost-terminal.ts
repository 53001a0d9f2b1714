/** A closed terminal can't be written to any more. The program still has to finish its work: SIGHUP asks it to. */
export function ignoreLostTerminal(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EIO') throw error;
}

/** Writing to a closed terminal fails. The program still has to finish its work, which SIGHUP asks it to do. */
export function ignoreLostTerminal(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EIO') throw error;
}

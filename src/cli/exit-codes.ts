/** As `login-etl --help` lists them. */
export const EXIT = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const;

export const EXIT_CODES_HELP = `
Exit codes:
  0    done, and all is well
  1    something failed or is unhealthy: the command, a run, a check
  2    the command line is not valid
  130  interrupted (Ctrl-C)`;

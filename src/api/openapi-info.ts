/** The version of the interface, not of the program: it changes when a client may have to. */
export const OPENAPI = {
  openapi: '3.1.0',
  info: {
    title: 'login-etl read service',
    version: '1',
    description:
      'Reads masked logins. Errors are problem details (RFC 9457) with a stable `type`. docs/api.md has an example of each route.',
  },
  components: {
    securitySchemes: {
      token: {
        type: 'http' as const,
        scheme: 'bearer',
        description: 'A token of API_TOKENS, or a JWT with the scopes in `scope` or `scp`',
      },
    },
  },
};

import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

// A program that prints the secret with the given id into the pipe of `read-secret.ts`. It reports only the name of an
// error.
const [id] = process.argv.slice(2);
try {
  const client = new SecretsManagerClient({ maxAttempts: 3 });
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: id }));
  process.stdout.write(SecretString ?? '');
} catch (error) {
  process.stderr.write((error as Error).name);
  process.exitCode = 1;
}

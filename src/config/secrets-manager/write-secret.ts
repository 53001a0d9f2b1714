import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Problem } from '../../errors/problem.ts';

/** Adds a version to an existing secret and makes it current. */
export async function writeSecret(id: string, text: string): Promise<void> {
  const client = new SecretsManagerClient({ maxAttempts: 3 });
  try {
    await client.send(new PutSecretValueCommand({ SecretId: id, SecretString: text }));
  } catch (error) {
    throw new Problem(
      'the keyring was not changed',
      `AWS Secrets Manager did not take its new version (${(error as Error).name})`,
      'The role needs secretsmanager:PutSecretValue on this secret.',
    );
  } finally {
    client.destroy();
  }
}

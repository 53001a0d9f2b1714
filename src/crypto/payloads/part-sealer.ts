import { randomBytes } from 'node:crypto';
import {
  fromPart,
  type JsonSealer,
  type Owner,
  type PartIdentity,
  type SealPart,
  toPart,
} from '../../batch/part.ts';
import type { Keyring } from '../keys/keyring.ts';
import { type DecryptOptions, payloadCipher } from './payload-cipher.ts';

const PURPOSE = 'login-etl/part/2';
/** Parts of builds before 0.4, which are bound to nothing. Accepted until 0.5. */
const UNBOUND_PURPOSE = 'login-etl/part/1';

/** Seals and opens the parts of a batch (`batch/part.ts`). */
export function jsonSealer(keyring: Keyring, options?: DecryptOptions): JsonSealer {
  const cipher = payloadCipher(keyring, PURPOSE, options);
  const unboundCipher = payloadCipher(keyring, UNBOUND_PURPOSE, options);
  return {
    async sealJson(owner, identity, json) {
      return toPart(identity, await cipher.encrypt(Buffer.from(json), boundTo(owner, identity)));
    },
    async openJson(owner, part) {
      const { identity, ...sealed } = fromPart(part);
      const plain = identity
        ? await cipher.decrypt(sealed, boundTo(owner, identity))
        : await unboundCipher.decrypt(sealed);
      return { json: plain.toString('utf8'), identity };
    },
  };
}

export const newBatchId = (): string => randomBytes(16).toString('hex');

/** Seals parts for one workflow. */
export function partSealer(keyring: Keyring, owner: Owner): SealPart {
  const { sealJson } = jsonSealer(keyring);
  return (identity, value) => sealJson(owner, identity, JSON.stringify(value));
}

const boundTo = ({ namespace, workflowId }: Owner, { kind, batch }: PartIdentity) => [
  namespace,
  workflowId,
  kind,
  batch,
];

import { randomUUID } from 'node:crypto';

export type LoginMessage = {
  user_id: string;
  app_version: string;
  device_type: string;
  ip: string;
  locale: string;
  device_id: string;
};

const DEVICE_TYPES = ['android', 'iOS', 'web'];
const LOCALES = ['RU', 'US', 'CN', 'DE', 'BR', 'IN'];

/** In `samples/logins.jsonl` 100 logins have 60 distinct devices and 55 distinct addresses. */
const NEW_DEVICES = 0.6;
const NEW_ADDRESSES = 0.55;
/** Repeated values are chosen among this many latest ones. */
const REMEMBERED = 10_000;

/**
 * Generates random login events like those in `samples/logins.jsonl`, each with its own user, which identifies its row.
 * @param allNew no device or address is repeated: the worst case for the vault
 */
export function* loginEvents(count: number, allNew = false): Generator<LoginMessage> {
  const device = comingBack(allNew ? 1 : NEW_DEVICES, newDevice);
  const address = comingBack(allNew ? 1 : NEW_ADDRESSES, newAddress);
  for (let made = 0; made < count; made += 1) {
    yield {
      user_id: randomUUID(),
      app_version: `${below(5)}.${below(10)}.${below(10)}`,
      device_type: DEVICE_TYPES[below(DEVICE_TYPES.length)] as string,
      ip: address(),
      locale: LOCALES[below(LOCALES.length)] as string,
      device_id: device(),
    };
  }
}

/** Returns a new value with this probability, else an earlier one. */
function comingBack(newOnes: number, make: () => string): () => string {
  const before: string[] = [];
  return () => {
    if (before.length > 0 && Math.random() >= newOnes)
      return before[below(before.length)] as string;
    const value = make();
    if (before.length < REMEMBERED) before.push(value);
    else before[below(REMEMBERED)] = value;
    return value;
  };
}

const newAddress = (): string => `${1 + below(223)}.${below(256)}.${below(256)}.${below(256)}`;
const newDevice = (): string => `${100 + below(900)}-${10 + below(90)}-${1_000 + below(9_000)}`;

const below = (limit: number): number => Math.floor(Math.random() * limit);

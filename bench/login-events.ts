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

/** Random login events, shaped like `samples/logins.jsonl`; each has a user of its own, so a row names its message. */
export function* loginEvents(count: number): Generator<LoginMessage> {
  for (let made = 0; made < count; made += 1) {
    yield {
      user_id: randomUUID(),
      app_version: `${below(5)}.${below(10)}.${below(10)}`,
      device_type: DEVICE_TYPES[below(DEVICE_TYPES.length)] as string,
      ip: `${1 + below(223)}.${below(256)}.${below(256)}.${below(256)}`,
      locale: LOCALES[below(LOCALES.length)] as string,
      device_id: `${100 + below(900)}-${10 + below(90)}-${1_000 + below(9_000)}`,
    };
  }
}

const below = (limit: number): number => Math.floor(Math.random() * limit);

import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTE_TYPES } from '../domain/search-attributes.ts';

type OperatorConnection = { operatorService: Connection['operatorService'] };

/**
 * Whether the namespace has all of our search attributes. A workflow that sets one which is not there would get stuck, so
 * whoever is not allowed to ask is told that they are not there.
 */
export async function hasSearchAttributes(
  { operatorService }: OperatorConnection,
  namespace: string,
): Promise<boolean> {
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    return Object.keys(SEARCH_ATTRIBUTE_TYPES).every((name) => name in customAttributes);
  } catch {
    return false;
  }
}

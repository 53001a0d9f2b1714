import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTE_TYPES } from '../domain/search-attributes.ts';

type OperatorConnection = { operatorService: Connection['operatorService'] };

/**
 * Reports whether the namespace has all our search attributes. A workflow that sets an unknown one would get stuck, so
 * this returns false when the permission to list them is missing.
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

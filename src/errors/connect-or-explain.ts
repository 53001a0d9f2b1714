import { classifyError } from './classify-error.ts';
import { PostgresTlsError } from './postgres-tls-error.ts';
import { Problem } from './problem.ts';

/** Opens a part. An error names the part and the setting to check. */
export async function connectOrExplain<T>(
  part: string,
  whatToDo: string,
  open: () => Promise<T>,
): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (error instanceof PostgresTlsError) {
      throw new Problem(`${part} cannot be used`, error.why, error.whatToDo);
    }
    const { code, policy } = classifyError(error);
    throw new Problem(`${part} cannot be used`, `${policy.advice} (${code})`, whatToDo);
  }
}

import { styled } from '../terminal/output.ts';
import type { Result } from './check.ts';

const LABEL = 20;

const MARKS = {
  ok: styled('green', '✓'),
  warning: styled('yellow', '!'),
  failed: styled('red', '✗'),
};

/** A finding of several lines is a list: one line for each, under the check's name. */
export function describeResult({ name, status, detail, whatToDo }: Result): string[] {
  const [first = '', ...more] = detail.split('\n');
  const indentation = ' '.repeat(LABEL + 2);
  return [
    `${MARKS[status]} ${name.padEnd(LABEL)}${first}`,
    ...more.map((line) => `${indentation}${line}`),
    ...(whatToDo ? [`${indentation}${styled('dim', '→')} ${whatToDo}`] : []),
  ];
}

import { writeFile } from 'node:fs/promises';

/** A shell script to stand in for a program. */
export async function writeProgram(path: string, ...lines: string[]): Promise<string> {
  await writeFile(path, ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 });
  return path;
}

import type { ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';

const tailBytes = 16 * 1024;

/** Captures a child's output, and its last lines for an error message. */
export type OutputTail = {
  readonly stdio: 'pipe' | number;
  /** Call this after the child was spawned. */
  follow(child: ChildProcess): void;
  lastLines(count: number): string;
  close(): void;
};

export function outputTail(logFile: string | undefined): OutputTail {
  return logFile === undefined ? tailInMemory() : tailOfFile(logFile);
}

function tailInMemory(): OutputTail {
  let text = '';
  const keep = (chunk: string): void => {
    text = (text + chunk).slice(-tailBytes);
  };
  return {
    stdio: 'pipe',
    follow(child) {
      child.stdout?.setEncoding('utf8').on('data', keep);
      child.stderr?.setEncoding('utf8').on('data', keep);
    },
    lastLines: (count) => lastLinesOf(text, count),
    close() {},
  };
}

function tailOfFile(logFile: string): OutputTail {
  mkdirSync(dirname(logFile), { recursive: true });
  const descriptor = openSync(logFile, 'a+', 0o600);
  // The file may contain earlier runs: quote only the output of this child.
  const startsAt = fstatSync(descriptor).size;
  let closed = false;
  const read = (): string => {
    const reader = closed ? openSync(logFile, 'r') : descriptor;
    try {
      const endsAt = fstatSync(reader).size;
      const from = Math.max(startsAt, endsAt - tailBytes);
      const buffer = Buffer.alloc(Math.max(0, endsAt - from));
      return buffer.toString('utf8', 0, readSync(reader, buffer, 0, buffer.length, from));
    } finally {
      if (closed) closeSync(reader);
    }
  };
  return {
    stdio: descriptor,
    follow() {},
    lastLines(count) {
      try {
        return lastLinesOf(read(), count);
      } catch {
        // The log was removed: the error message goes without it.
        return '';
      }
    },
    close() {
      if (!closed) closeSync(descriptor);
      closed = true;
    },
  };
}

function lastLinesOf(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

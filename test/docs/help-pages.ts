import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { localState } from '../../src/local/local-state.ts';
import { nextSteps } from '../../src/local/next-steps.ts';
import { Report } from '../../src/local/report.ts';
import { type Document, ROOT } from './documents.ts';

const block = (lines: string) => `\`\`\`\n${lines}\n\`\`\``;

/** What `--help` prints for a command and for all below it; the examples are a block. */
export function helpPages(command: Command): Document[] {
  let text = '';
  command.configureOutput({
    writeOut: (more) => {
      text += more;
    },
  });
  command.outputHelp();
  const [prose, examples = ''] = text.split('Examples:');
  const page = { path: `--help of ${command.name()}`, text: `${prose}\n${block(examples)}` };
  return [page, ...command.commands.flatMap(helpPages)];
}

/** The end of what `npm start` prints. */
export function nextStepsPage(): Document {
  const out = new PassThrough();
  const report = new Report(out as unknown as NodeJS.WriteStream);
  nextSteps(
    report,
    {
      webUi: 'http://127.0.0.1:8233',
      loginLink: 'http://127.0.0.1:8233/codec/once-…',
      api: 'http://127.0.0.1:8235',
    },
    localState(ROOT),
  );
  const text = String(out.read());
  return { path: 'npm start', text: block(text.replaceAll(/^.* {2}(?=npx login-etl)/gm, '')) };
}

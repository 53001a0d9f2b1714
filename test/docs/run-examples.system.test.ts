import { createProgram } from '../../src/cli/program.ts';
import { documents } from './documents.ts';
import { helpPages, nextStepsPage } from './help-pages.ts';
import { testShownCommands } from './test-shown-commands.ts';

// The examples that `--help` shows.
testShownCommands(helpPages(createProgram()), { runElsewhere: [...documents(), nextStepsPage()] });

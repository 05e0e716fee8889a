/** What `bin/dev.js` starts: the same command line as the built one, with its table made from the sources. */
import { installCommands } from '../src/cli/commands-table.ts';
import { main } from '../src/cli/main.ts';
import { partsFromSources } from './commands.ts';

export function run(argv: readonly string[]): Promise<void> {
  installCommands(partsFromSources());
  return main(argv);
}

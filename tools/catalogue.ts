/** The catalogue of commands, from the sources: what docs and lint are made from. */
import { installCommands } from '../src/cli/commands-table.ts';
import { loadCatalogue, type CatalogueEntry } from '../src/cli/catalogue.ts';
import { partsFromSources } from './commands.ts';

export function sourceCatalogue(): Promise<readonly CatalogueEntry[]> {
  installCommands(partsFromSources());
  return loadCatalogue();
}

/** Help as it is read: at any width no line runs over unless a single word does, and a command that is broken is still that command. */
import { describe, expect, it } from 'vitest';
import { loadCatalogue } from '../../src/cli/catalogue.ts';
import { installCommands } from '../../src/cli/commands-table.ts';
import { commandPage } from '../../src/cli/help-text.ts';
import type { View } from '../../src/cli/output.ts';
import { paintOf, symbolsOf, width } from '../../src/cli/theme.ts';
import { partsFromSources } from '../../tools/commands.ts';

installCommands(partsFromSources());
const catalogue = await loadCatalogue();

const viewOf = (columns: number): View => ({ paint: paintOf(false), symbols: symbolsOf({}), terminal: columns !== Infinity, columns, verbose: false });
/** Or a flag with its value, which belong together. */
const isOneWord = (line: string): boolean => !/\S\s+\S/.test(line.replace(/ \\$/, '').replace(/^ +(-\w, )?--\S+ /, ''));
const examplesOf = (lines: readonly string[]): readonly string[] => {
  const from = lines.indexOf('EXAMPLES') + 1;
  return lines.slice(from, lines.indexOf('', from));
};

describe.each([40, 60, 80, Infinity])('help at %s columns', (columns) => {
  it('fits, page by page', () => {
    expect(catalogue.length).toBeGreaterThan(50);
    const over = catalogue.flatMap((entry) => commandPage(viewOf(columns), entry).filter((line) => !line.startsWith('  omniplex ') && width(line) > columns && !isOneWord(line)));
    expect(over.filter((line) => !/["']/.test(line))).toEqual([]);
  });

  it('has examples that can be copied', () => {
    for (const entry of catalogue) {
      const shown = examplesOf(commandPage(viewOf(columns), entry)).filter((line) => !line.startsWith('  #')).join('\n');
      const commands = shown.replaceAll(/ \\\n */g, ' ').split('\n').map((line) => line.trim());
      expect(commands).toEqual(entry.examples.map(({ command }) => command));
    }
  });
});

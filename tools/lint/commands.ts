/** Every command has a summary, examples, an impact, a schema and a man page, and says nothing else about itself than its neighbours do. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CatalogueEntry } from '../../src/cli/catalogue.ts';
import type { Finding } from './finding.ts';
import { grammar } from './grammar.ts';

const SUMMARY_CHARS = 80;
const IMPACTS: readonly string[] = ['read', 'write', 'destroy'];

function faults(root: string, { id, summary, impact, examples, schema, exits }: CatalogueEntry): string[] {
  const found: string[] = [];
  if (summary.length === 0 || summary.length > SUMMARY_CHARS) found.push(`its summary has ${summary.length} characters, not 1 to ${SUMMARY_CHARS}`);
  if (/[.?!:;,]$/.test(summary)) found.push('its summary ends with a punctuation mark');
  if (!IMPACTS.includes(impact)) found.push(`its impact is ${impact}`);
  if (examples.length === 0) found.push('it has no example');
  for (const { command } of examples) {
    if (!command.includes(`omniplex ${id}`) && !command.includes('omniplex ')) found.push(`the example "${command}" does not run omniplex`);
  }
  if (!examples.some(({ command }) => command.includes(`omniplex ${id}`))) found.push('none of its examples runs it');
  if (schema.type === undefined && schema.anyOf === undefined) found.push('its result has no JSON schema');
  if (!exits.some(({ exit }) => exit === 0)) found.push('its exits do not say what 0 means');
  const page = join('man', `omniplex-${id.replaceAll(' ', '-')}.1`);
  if (!existsSync(join(root, page))) found.push(`it has no man page ${page}: npm run docs`);
  return found;
}

export function commandRules(root: string, catalogue: readonly CatalogueEntry[]): Finding[] {
  if (catalogue.length === 0) return [{ rule: 'command', file: 'src/commands', message: '0 commands seen: the check does not work' }];
  const findings = catalogue.flatMap((entry) => {
    const file = `src/commands/${entry.id.replaceAll(' ', '/')}.ts`;
    return faults(root, entry).map((message): Finding => ({ rule: 'command', file, message }));
  });
  return [...findings, ...grammar(catalogue.map(({ id }) => id))];
}

/** Shows help for a command, a topic or the program, as text or as one JSON document. */
import { fail } from '../core/base/errors.ts';
import { nearest } from '../core/base/near.ts';
import { asksHelp } from './argv.ts';
import { loadEntry } from './catalogue.ts';
import { commandsTable } from './commands-table.ts';
import { envelopeOf, toJson } from './envelope.ts';
import { formatOf } from './globals.ts';
import { commandPage, frontPage, headingOf, listedRows, topicPage, wrapped } from './help-text.ts';
import type { CliConfig } from './oclif-config.ts';
import { unknownCommand } from './failure.ts';
import { Output, type View } from './output.ts';
import { topics, type Topic } from './topics.ts';

export interface HelpPage {
  readonly lines: (view: View) => readonly string[];
  readonly data: Readonly<Record<string, unknown>>;
}

/** The page of `''`, `store`, `store lock` or `store lock list`; undefined when there is no such thing. */
export async function pageOf(id: string): Promise<HelpPage | undefined> {
  const table = commandsTable();
  const entry = await loadEntry(id);
  if (entry !== undefined) return { lines: (view) => commandPage(view, entry), data: { command: entry } };
  if (id !== '' && !table.isTopic(id)) return undefined;
  const below = (id === '' ? table.commands : table.below(id)).filter(({ hidden }) => !hidden).map(({ id: words, summary }) => ({ id: words, summary }));
  const { version } = table.parts;
  return { lines: (view) => (id === '' ? frontPage(view, below, version) : topicPage(view, id, below)), data: { commands: below } };
}

/**
 * A bare topic without --help is a command with its verb missing: the page goes to stderr and the exit is 2, so that
 * `omniplex store $VERB` with an empty variable does not pass for done.
 */
export async function showHelp(_config: CliConfig, id: string, argv: readonly string[]): Promise<void> {
  const output = new Output(formatOf(argv));
  const page = await pageOf(id);
  if (page === undefined) throw fail('E_BUG', { why: 'help was asked for nothing' });
  const asked = asksHelp(argv);
  if (!asked && (id !== '' || output.format.json)) {
    if (!output.format.json) output.complain(page.lines(output.view('talk')));
    throw fail('E_USAGE', {
      why: id === '' ? 'there is no command' : `omniplex ${id} is not a command by itself: a verb is missing`,
      hint: `\`${['omniplex', id, '--help'].filter((word) => word !== '').join(' ')}\` lists ${id === '' ? 'the commands' : 'its verbs'}.`,
    });
  }
  if (output.format.json) await output.document(toJson(envelopeOf('help', { result: page.data })));
  else await output.answer(page.lines(output.view()));
}

export const topicNamed = (name: string): Topic | undefined => topics.find((topic) => topic.name === name);

export const unknownTopic = (words: string) =>
  unknownCommand(nearest(words, [...topics.map(({ name }) => name), ...commandsTable().commands.map(({ id }) => id)]).map((near) => `help ${near}`));

export function topicLines(view: View, { summary, sections }: Topic): readonly string[] {
  const body = sections().flatMap(({ title, text, rows = [] }) => [
    '',
    ...(title === undefined ? [] : [headingOf(view, title)]),
    ...(text === undefined ? [] : wrapped(text, Math.min(100, view.columns))),
    ...(rows.length === 0 ? [] : listedRows(view, rows.map((row) => [row.term, row.text] as const), view.paint.mark)),
  ]);
  return [summary, ...body];
}

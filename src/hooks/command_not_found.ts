/** A word that is no command: a usage error that names the nearest commands, and never repeats the word itself. */
import { nearest } from '../core/base/near.ts';
import { commandsTable } from '../cli/commands-table.ts';
import { unknownCommand } from '../cli/failure.ts';

/** Below a known topic its verbs are compared, else the first word with the nouns, else all words with all ids. */
export function suggestions(words: readonly string[], ids: readonly string[]): readonly string[] {
  for (let known = words.length - 1; known > 0; known--) {
    const topic = words.slice(0, known).join(' ');
    const verbs = ids.filter((id) => id.startsWith(`${topic} `)).map((id) => id.slice(topic.length + 1));
    if (verbs.length > 0) return nearest(words.slice(known).join(' '), verbs).concat(nearest(words[known]!, verbs)).filter(unique).map((verb) => `${topic} ${verb}`);
  }
  const nouns = [...new Set(ids.map((id) => id.split(' ', 1)[0]!))];
  return nearest(words.join(' '), ids).concat(nearest(words[0] ?? '', nouns)).filter(unique);
}

const unique = (word: string, at: number, words: readonly string[]): boolean => words.indexOf(word) === at;

export default async function commandNotFound({ id }: { readonly id: string | undefined }): Promise<never> {
  const table = commandsTable();
  const ids = table.commands.filter(({ hidden }) => !hidden).map((entry) => entry.id);
  const words = (id ?? '').split(' ').filter((word) => word !== '');
  const topic = words.map((_, at) => words.slice(0, at).join(' ')).findLast((known) => table.isTopic(known));
  throw unknownCommand(suggestions(words, ids).slice(0, 3), topic);
}

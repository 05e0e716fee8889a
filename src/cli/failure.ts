/** Errors that happen where no command is there to answer: an unknown command, a hook, a command that does not load. */
import { fail, isError } from '../core/base/errors.ts';
import { registered } from './bug.ts';
import { envelopeOf, errorBody, toJson } from './envelope.ts';
import { formatOf } from './globals.ts';
import { Output } from './output.ts';
import { errorLines, unknownLine } from './trouble.ts';

/** Prints the error in the form that argv asks for and sets `process.exitCode`. Never throws. */
export function reportFailure(error: unknown, { id, argv }: { readonly id: string; readonly argv: readonly string[] }): void {
  const known = registered(error);
  // Every usage or internal error of `check *` is UNKNOWN to a monitoring system.
  const exit = id === 'check' || id.startsWith('check ') ? 3 : known.exit;
  process.exitCode = exit;
  const output = new Output(formatOf(argv));
  if (output.format.json) {
    const words = isError(error, 'E_USAGE') ? '' : id;
    output.document(toJson(envelopeOf(words, { error: errorBody(known, exit) }))).catch(() => undefined);
  } else {
    if (exit === 3 && id.startsWith('check')) output.answer(unknownLine(id, known)).catch(() => undefined);
    output.complain(errorLines(known, exit, output.view('talk')));
  }
}

/** The error of a word that is no command. The word itself is repeated only as its near neighbour: it may have been anything. `topic`: the words before it that are known. */
export const unknownCommand = (suggestions: readonly string[], topic = '') =>
  fail('E_USAGE', {
    why: `there is no such command${suggestions.length === 0 ? '' : `; did you mean ${suggestions.map((one) => `"omniplex ${one}"`).join(' or ')}?`}`,
    hint: topic === '' ? 'Run `omniplex --help` for all of them.' : `Run \`omniplex ${topic} --help\` for those below ${topic}, \`omniplex --help\` for all.`,
  });


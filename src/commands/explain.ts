import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../cli/command.ts';
import { arg } from '../cli/flags.ts';
import { explain, explanationLines, parseCode } from '../cli/explain.ts';
import { array, integer, nullable, object, oneOf, string } from '../cli/schema.ts';

const schema = object({
  code: string(),
  kind: oneOf(['error', 'warning']),
  text: string('the message; {name} stands for a detail'),
  hint: nullable(string()),
  exit: nullable(integer('null for a warning: it never changes the exit code')),
  meaning: nullable(string('of the exit code')),
  http: nullable(integer('the status that a node answers with')),
  retry: nullable(oneOf(['yes', 'no', 'unknown'])),
  runbook: array(object({ title: string(), steps: array(string('one line')) })),
});

export default class Explain extends BaseCommand<typeof Explain> {
  static override readonly summary = 'Explain an error code and what to do about it';
  static override readonly description = 'Works offline: the steps of the runbook are part of the program.';
  static override readonly args = { code: arg('a code such as E_LOCKED or W_NOISY, or an exit code', parseCode) };
  static override readonly impact = 'read';
  static override readonly examples = [
    { command: 'omniplex explain E_LOCKED', description: 'After an error that said so' },
    { command: 'omniplex explain 75', description: 'Every error that ends so' },
  ];
  static override readonly schema = object({ explanations: array(schema) });
  static override readonly seeAlso = ['help errors', 'help exit-codes', 'doctor'];

  override async run(): Promise<Answer<typeof Explain.schema>> {
    return { result: { explanations: await explain(this.args.code) } };
  }

  protected override render({ explanations }: Infer<typeof Explain.schema>, view: View): Lines {
    return explanations.flatMap((one, at) => [...(at === 0 ? [] : ['']), ...explanationLines(view, one)]);
  }
}

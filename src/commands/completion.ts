import { loadCatalogue } from '../cli/catalogue.ts';
import { BaseCommand, type Answer, type Infer, type Lines } from '../cli/command.ts';
import { completionScript, shells } from '../cli/completion.ts';
import { choiceArg } from '../cli/flags.ts';
import { object, oneOf, string } from '../cli/schema.ts';

const schema = object({ shell: oneOf(shells), script: string() });

export default class Completion extends BaseCommand<typeof Completion> {
  static override readonly summary = 'Print a completion script for your shell';
  static override readonly description = 'It completes commands, flags, values, files and names of contexts.';
  static override readonly args = { shell: choiceArg(shells, 'bash or zsh') };
  static override readonly impact = 'read';
  static override readonly examples = [
    { command: 'eval "$(omniplex completion bash)"', description: 'In ~/.bashrc' },
    { command: 'omniplex completion zsh > ~/.zfunc/_omniplex', description: 'In a folder of fpath' },
  ];
  static override readonly schema = schema;

  override async run(): Promise<Answer<typeof schema>> {
    const { shell } = this.args;
    return { result: { shell, script: completionScript(shell, await loadCatalogue()) } };
  }

  protected override render({ script }: Infer<typeof schema>): Lines {
    return script.trimEnd();
  }
}

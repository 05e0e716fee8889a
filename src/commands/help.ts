import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../cli/command.ts';
import { optionalArgs } from '../cli/flags.ts';
import { pageOf, topicNamed, topicLines, unknownTopic } from '../cli/help.ts';
import { anything, object, string } from '../cli/schema.ts';

const schema = object({ topic: string('the words asked for; empty for the front page'), content: anything('sections of a topic, or the catalogue entry of a command') });

export default class Help extends BaseCommand<typeof Help> {
  static override readonly summary = 'Help on a command or a topic';
  static override readonly description = 'Topics: exit-codes, environment, settings, secrets, json, filters, formats, errors.';
  static override readonly args = { topic: optionalArgs('a topic, or the words of a command') };
  static override readonly impact = 'read';
  static override readonly examples = [
    { command: 'omniplex help exit-codes', description: 'What does 75 mean?' },
    { command: 'omniplex help context create', description: 'The same as omniplex context create --help' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['explain', 'commands'];

  override async run(): Promise<Answer<typeof schema>> {
    const words = this.args.topic.join(' ');
    const topic = topicNamed(words);
    if (topic !== undefined) return { result: { topic: words, content: topic.sections() } };
    const page = await pageOf(words);
    if (page === undefined) throw unknownTopic(words);
    return { result: { topic: words, content: page.data } };
  }

  protected override async render({ topic: words }: Infer<typeof schema>, view: View): Promise<Lines> {
    const topic = topicNamed(words);
    return topic === undefined ? ((await pageOf(words))?.lines(view) ?? []) : topicLines(view, topic);
  }
}

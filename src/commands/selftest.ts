import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../cli/command.ts';
import { choice, text } from '../cli/flags.ts';
import { count, grouped } from '../cli/human.ts';
import { array, integer, object, oneOf, string } from '../cli/schema.ts';
import { limits } from '../core/base/limits.ts';

const counts = { passed: integer(), failed: integer(), notApplicable: integer('cases that ask for something OmniPlex does not do, or not on this provider') };
const schema = object({
  ...counts,
  files: array(object({ file: string('built-in, or a vector file'), provider: oneOf(['native', 'noble', 'any']), ...counts })),
  failures: array(object({ file: string(), provider: string(), id: string() }), 'the first of those that failed'),
});

export default class SelfTest extends BaseCommand<typeof SelfTest> {
  static override readonly summary = 'Run the known answers of every cryptographic primitive';
  static override readonly description =
    'Built-in answers on every provider; with --vectors also the Wycheproof, X-Wing, BLAKE3 and multihash files found below a folder, in their original formats, through the same wrappers that messages use. A folder without a case for us is a failure, not a success.';
  static override readonly flags = {
    vectors: text({ value: 'DIR', description: 'a folder with vector files, searched whole' }),
    provider: choice(['native', 'noble'], { description: 'native or noble alone', otherwise: 'every one that works here' }),
  };
  static override readonly impact = 'read';
  static override readonly exits = { 1: 'an answer does not hold', 3: 'this Node lacks the provider', 5: 'there are no vectors for OmniPlex in the folder' };
  static override readonly examples = [
    { command: 'omniplex selftest', description: 'Before the first key is made' },
    { command: 'omniplex selftest --quiet && echo good', description: 'In a script' },
    { command: 'omniplex selftest --vectors ~/wycheproof --provider native', description: 'Against the published vectors' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['bench pq', 'doctor'];

  override async run(): Promise<Answer<typeof schema>> {
    const { vectors, provider } = this.flags;
    const { notHeld, selfTest } = await import('../core/crypto/selftest/index.ts');
    const failures: { file: string; provider: string; id: string }[] = [];
    this.doing('testing');
    const progress = await this.session.progress({ what: 'testing known answers', unit: 'items' });
    let done = 0;
    const result = await selfTest({
      provider,
      vectors,
      signal: this.signal,
      onCase: () => progress.at(++done),
      report: ({ file, provider: by, id }) => void (failures.length < limits.pageItemsMax && failures.push({ file, provider: by, id })),
    });
    progress.stop();
    return { result: { ...result, failures }, error: notHeld(result) };
  }

  protected override async render({ passed, failed, notApplicable, files, failures }: Infer<typeof schema>, view: View): Promise<Lines> {
    const { table } = await import('../cli/table.ts');
    const { paint } = view;
    const rows = await table(view, files, [
      { head: '', label: 'RESULT', cell: (row) => (row.failed > 0 ? paint.bad('fail') : row.passed > 0 ? paint.good('ok') : paint.dim('-')) },
      { head: 'FILE', cell: ({ file }) => file },
      { head: 'PROVIDER', cell: (row) => row.provider },
      { head: 'PASSED', cell: (row) => grouped(row.passed), align: 'right' },
      { head: 'FAILED', cell: (row) => (row.failed === 0 ? '0' : paint.bad(grouped(row.failed))), align: 'right' },
      { head: 'NOT APPLICABLE', cell: (row) => grouped(row.notApplicable), align: 'right' },
    ]);
    const bad = failures.map(({ file, provider, id }) => `${paint.bad('fail')}  ${id} in ${file} on ${provider}`);
    return [...rows, ...bad, `${count(passed, 'known answer')} hold, ${grouped(failed)} do not, ${grouped(notApplicable)} not applicable`];
  }
}

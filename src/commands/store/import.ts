import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../../cli/command.ts';
import { placeExits } from '../../cli/exits.ts';
import { args } from '../../cli/flags.ts';
import { fail, type Warning } from '../../core/base/errors.ts';
import type { CarInput } from '../../core/mail/travel.ts';
import { importLines, importSchema } from './_car.ts';

export default class StoreImport extends BaseCommand<typeof StoreImport> {
  static override readonly summary = 'Take in messages, receipts and bundles from CAR files';
  static override readonly description =
    'Every block is hashed, every message must be whole, inboxes are told last. A file that is cut or damaged, or of another kind, brings nothing; a message split over several files waits for the rest, in any order. A newer bundle of a contact is taken in; a stranger stays one until `contact add`. Without a home the store takes them in all the same; for whom they are, it cannot say.';
  static override readonly args = { file: args('CAR files; - is stdin') };
  static override readonly impact = 'write';
  static override readonly opensKey = false;
  static override readonly exits = { ...placeExits, 5: 'a file is not there', 7: 'a file is damaged, or a message in it is none', 12: 'messages wait for the blocks of other files' };
  static override readonly examples = [
    { command: 'omniplex store import /media/usb/to-alice.car', description: 'From a stick' },
    { command: 'omniplex store import big.*.car', description: 'The pieces of a split export' },
  ];
  static override readonly schema = importSchema;
  static override readonly seeAlso = ['store export', 'inbox list', 'contact add', 'inspect'];

  protected override get afterTimeout(): string {
    return 'A file that was taken in whole stands; of the one under way nothing was. Run it again with a longer --timeout: nothing comes in twice.';
  }

  override async run(): Promise<Answer<typeof importSchema>> {
    const [{ importFiles, importRoom }, { stat }] = await Promise.all([import('../../core/mail/travel.ts'), import('node:fs/promises')]);
    const inputs = await Promise.all(this.args.file.map((path) => this.#input(path)));
    // A home that somebody named must be there; the default one need not: a machine may hold a store alone.
    const needsHome = (await this.session.settings()).origins.home?.from !== 'default';
    const warnings: Warning[] = [];
    const room = await importRoom(await this.session.app(), { needsHome, warn: (told) => warnings.push(told) });
    const sizes = new Map(await Promise.all(inputs.map(async ({ place }) => [place, await stat(place).then(({ size }) => size, () => undefined)] as const)));
    this.doing('importing');
    const progress = await this.session.progress({ what: 'importing', unit: 'bytes' });
    const imported = await importFiles(room, {
      inputs,
      signal: this.signal,
      onProgress: ({ place, bytes }) => {
        progress.what(`importing ${place}`);
        progress.at(bytes, sizes.get(place));
      },
    });
    return { ...imported, warnings };
  }

  /** An intact file of another kind is refused as that. */
  async #input(path: string): Promise<CarInput> {
    const [input, { requireMessages }] = await Promise.all([this.#given(path), import('../../core/inspect/index.ts')]);
    return { ...input, open: () => requireMessages(input.open(), input.place) };
  }

  async #given(path: string): Promise<CarInput> {
    if (path !== '-') return (await import('../../core/mail/travel.ts')).carFile(path);
    const stdin = this.session.claimStdin('-');
    if (stdin.isTTY) throw fail('E_USAGE', { why: '- is stdin, which is your keyboard here: pipe a CAR into it' });
    return { place: 'stdin', open: () => this.session.stdinPieces('-') };
  }

  protected override render(result: Infer<typeof importSchema>, view: View): Lines {
    return importLines(result, view);
  }
}

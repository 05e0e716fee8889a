import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../cli/command.ts';
import { placeExits } from '../cli/exits.ts';
import { facts, next, type Fact } from '../cli/facts.ts';
import { optionalArg, toggle } from '../cli/flags.ts';
import { tilde } from '../cli/human.ts';
import { boolean, integer, nullable, object, string } from '../cli/schema.ts';
import { fail } from '../core/base/errors.ts';
import { systemClock } from '../core/base/clock.ts';
import { parseName } from '../core/base/config.ts';
import { withContext, withSelected } from '../core/base/contexts.ts';
import { systemRng } from '../core/base/rng.ts';

const schema = object({
  home: object({ path: string(), created: boolean(), identities: integer('how many are in it') }),
  store: object({ path: string(), created: boolean(), id: string() }),
  context: nullable(object({ name: string(), created: boolean(), selected: boolean('it is the one in force from now on') }, 'null under --no-context')),
});

export default class Init extends BaseCommand<typeof Init> {
  static override readonly summary = 'Make a home, a store, and a context that names them';
  static override readonly description =
    'Asks at a terminal; --defaults asks nothing, and --home and --store say where. What is there already stays as it is, so running it again is safe. With --no-context it makes the folders alone, and the configuration stays as it is. Folders on network or FAT file systems are refused: their locks do not hold.';
  static override readonly args = { name: optionalArg('the name of the context (default local)', parseName) };
  static override readonly flags = { defaults: toggle('ask nothing: take flags, environment and defaults'), select: toggle('work in the context from now on') };
  static override readonly impact = 'write';
  static override readonly exits = { ...placeExits, 3: 'the file system cannot be trusted with locks, or a folder is open to others', 6: 'something else is in a folder, or another context has the name' };
  static override readonly examples = [
    { command: 'omniplex init', description: 'The first thing to type: it asks' },
    { command: 'omniplex init local --defaults --select', description: 'Without questions' },
    { command: 'omniplex init prod --home /srv/op --store /srv/store', description: 'Somewhere else' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['identity create', 'context list', 'doctor', 'quickstart'];

  override async run(): Promise<Answer<typeof schema>> {
    const [{ initPlan }, { setUp }] = await Promise.all([import('../cli/init-wizard.ts'), import('../core/home/set-up.ts')]);
    const { defaults, select: selects, 'no-context': folders } = this.flags;
    if (folders && (selects || this.args.name !== undefined)) throw fail('E_USAGE', { why: '--no-context makes no context: it goes with neither a NAME nor --select' });
    const { name, home, store, select } = await initPlan(this.session, { name: this.args.name, defaults, select: selects, folders });
    if (folders) {
      const made = await setUp({ home, store, clock: systemClock, rng: systemRng });
      return { result: { ...made, context: null }, changed: made.home.created || made.store.created };
    }
    const assignments = [{ key: 'home', value: home }, { key: 'store', value: store }];
    const before = await this.session.config();
    // Refused before anything is made.
    withContext(before, name, assignments, process.cwd());
    const made = await setUp({ home, store, clock: systemClock, rng: systemRng });
    const configured = await this.session.changeConfig((config) => {
      const created = withContext(config, name, assignments, process.cwd());
      return select ? withSelected(created, name) : created;
    });
    const { selected } = await this.session.config();
    const context = { name, created: !Object.hasOwn(before.contexts, name), selected: selected === name };
    return { result: { ...made, context }, changed: configured || made.home.created || made.store.created };
  }

  protected override render({ home, store, context }: Infer<typeof schema>, view: View): Lines {
    const state = (created: boolean) => view.paint.dim(created ? 'made' : 'was there');
    const rows: readonly Fact[] = [
      ['home', `${tilde(home.path)}  ${state(home.created)}`],
      ['store', `${tilde(store.path)}  ${state(store.created)}`],
      ['context', context === null ? undefined : `${context.name}  ${view.paint.dim(context.selected ? 'selected' : 'not selected')}`],
    ];
    const select = context === null ? [next(view, `--home ${tilde(home.path)} and --store ${tilde(store.path)} name them`)] : context.selected ? [] : [next(view, `\`omniplex context select ${context.name}\`, or --context ${context.name}`)];
    const create = home.identities > 0 ? [] : [next(view, '`omniplex identity create NAME`')];
    return [...facts(view, rows), ...select, ...create];
  }
}

import { homedir } from 'node:os';
import { BaseCommand, type Answer, type Infer, type Lines, type View } from '../cli/command.ts';
import { diagnosisSchema, findingsLines } from '../cli/doctor-view.ts';
import { text } from '../cli/flags.ts';
import { count, size } from '../cli/human.ts';
import { shared } from '../cli/shared.ts';
import { systemClock } from '../core/base/clock.ts';
import { systemRng } from '../core/base/rng.ts';

const schema = diagnosisSchema;

export default class Doctor extends BaseCommand<typeof Doctor> {
  static override readonly summary = 'Look at machine, settings, home and store, and advise';
  static override readonly description =
    'Named checks, each with advice where something is wrong. Works when everything is down, changes nothing and opens no private key. --out writes a tar file for whoever helps you; what is in it and what is not is said first.';
  static override readonly flags = { backend: text({ value: 'NAME', description: 'only what this backend consists of: embedded' }), out: shared.out };
  static override readonly impact = 'read';
  static override readonly exits = { 1: 'a check failed', 3: 'this release has no such backend', 5: 'the folder of --out is not there', 6: 'the file of --out is there already' };
  static override readonly examples = [
    { command: 'omniplex doctor', description: 'What is wrong here?' },
    { command: 'omniplex doctor --backend embedded', description: 'The store alone' },
    { command: 'omniplex doctor --out incident.tar', description: 'To send along with a question' },
    { command: "omniplex doctor --json | jq -r '.result.checks[] | select(.verdict != \"ok\") | .check'", description: 'Names of what is not in order' },
  ];
  static override readonly schema = schema;
  static override readonly seeAlso = ['check all', 'selftest', 'store verify', 'explain'];

  override async run(): Promise<Answer<typeof schema>> {
    const [{ doctor, diagnosisError }, { bundleContent, bundleMembers }] = await Promise.all([import('../core/health/doctor.ts'), import('../core/health/doctor/bundle.ts')]);
    const { out, backend } = this.flags;
    const { resolved, error: settingsError } = await this.session.settingsOrDefaults();
    const room = { clock: systemClock, rng: systemRng, settings: resolved.values, context: resolved.context?.name, configPath: this.session.configPath, settingsError, signal: this.signal };
    const artifact = out === undefined ? undefined : await this.session.artifact(out, { binary: true });
    const diagnosis = await doctor(room, { backend });
    const result = { checks: diagnosis.findings.map(({ advice = null, code = null, about = [], ...rest }) => ({ ...rest, advice, code, about })), failed: diagnosis.failed, warned: diagnosis.warned, bundle: null };
    const error = diagnosisError(diagnosis);
    if (artifact === undefined) return { result, error };
    const { holds, lacks } = bundleContent;
    this.output.talk([`${artifact.name} will hold`, ...holds.map(({ name, what }) => `  ${name.padEnd(14)} ${what}`), `and none of: ${lacks.join(', ')}`, '']);
    const { tarOf } = await import('../core/health/tar.ts');
    await artifact.write(tarOf(bundleMembers({ room, ...diagnosis, version: this.config.version, userHome: homedir() }), systemClock.now()));
    await artifact.commit();
    return { result: { ...result, bundle: { out: artifact.name, bytes: artifact.bytes, files: holds.map(({ name }) => name) } }, changed: true, error };
  }

  protected override render({ checks, failed, warned, bundle }: Infer<typeof schema>, view: View): Lines {
    const said = bundle === null ? [] : [`${bundle.out}  ${size(bundle.bytes)}, written`];
    // Failed ones are the error, which is told below.
    const total = failed > 0 ? [] : [`${count(checks.length, 'check')}: none failed, ${warned} to look at`];
    return [...findingsLines(checks, view), ...total, ...said];
  }
}

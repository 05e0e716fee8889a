/** Small named values of a home: what belongs to the operator's place and to no contact, identity or message. */
import type { Value } from '../base/codec.ts';
import type { HomeDatabase } from './database.ts';
import { Records } from './records.ts';

interface Setting {
  readonly name: string;
  readonly value: Value;
}

export class Settings {
  readonly #records: Records<Setting>;

  constructor(database: HomeDatabase) {
    this.#records = new Records(database, { table: 'settings', columns: ['name'], columnsOf: ({ name }) => [name] });
  }

  get(name: string): Value | undefined {
    return this.#records.find('name = ?', name)?.value;
  }

  set(name: string, value: Value): void {
    this.#records.put({ name, value });
  }

  remove(name: string): boolean {
    return this.#records.remove('name = ?', name) === 1;
  }

  list(): readonly Setting[] {
    return this.#records.list('true ORDER BY name');
  }
}

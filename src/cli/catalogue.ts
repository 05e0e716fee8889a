/**
 * The catalogue: every command with its impact, flags, exits, examples and schema, as plain data.
 * Help, man pages, completion, `omniplex commands`, `omniplex schema`, the README table and the lint rules are made from it.
 */
import type { JsonSchema } from './schema.ts';

/** What a command may do: `read` changes nothing, `write` adds or moves, `destroy` takes away and asks first. */
export type Impact = 'read' | 'write' | 'destroy';

export interface CatalogueArg {
  /** As shown: upper case. */
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly multiple: boolean;
  readonly values?: readonly string[];
}

export interface CatalogueFlag {
  readonly name: string;
  readonly char?: string;
  readonly description: string;
  /** The placeholder of the value; absent for a switch. */
  readonly value?: string;
  readonly values?: readonly string[];
  readonly default?: string;
  readonly multiple: boolean;
  readonly required: boolean;
  /** Accepted by every command. */
  readonly global: boolean;
}

export interface CatalogueExit {
  readonly exit: number;
  readonly meaning: string;
}

export interface CatalogueExample {
  readonly command: string;
  readonly description: string;
}

export interface CatalogueEntry {
  /** The words as typed: `contact add`. */
  readonly id: string;
  readonly summary: string;
  readonly description: string;
  readonly impact: Impact;
  readonly opensKey: boolean;
  readonly streams: boolean;
  readonly phase?: string;
  readonly args: readonly CatalogueArg[];
  readonly flags: readonly CatalogueFlag[];
  readonly exits: readonly CatalogueExit[];
  readonly examples: readonly CatalogueExample[];
  /** Of `result` in the envelope. */
  readonly schema: JsonSchema;
  /** Of one NDJSON line, for commands that stream. */
  readonly item?: JsonSchema;
}

/**
 * Completion scripts for bash (3.2 and newer) and zsh, written from the catalogue: words, flags, values of flags, files and folders.
 * Names of contexts, contacts and identities are asked from omniplex itself when they are completed; everything else needs no process.
 */
import type { CatalogueEntry, CatalogueFlag } from './catalogue.ts';

export const shells = ['bash', 'zsh'] as const;
export type Shell = (typeof shells)[number];

/** How a value is completed. Names are those that `omniplex NOUN list` prints. */
type Kind = 'files' | 'folders' | `names ${string}` | readonly string[] | undefined;

const namedByFlag: Readonly<Record<string, string>> = { context: 'context', to: 'contact', as: 'identity' };

const unique = <T>(items: readonly T[]): readonly T[] => [...new Set(items)];
const quoted = (text: string): string => `'${text.replace(/'/g, `'\\''`)}'`;

function kindOfFlag({ name, value = '', values }: CatalogueFlag): Kind {
  if (values !== undefined) return values;
  const named = namedByFlag[name];
  if (named !== undefined) return `names ${named}`;
  if (/DIR/.test(value)) return 'folders';
  return /FILE|PATH/.test(value) ? 'files' : undefined;
}

function kindOfArg(id: string, name: string, values: readonly string[] | undefined): Kind {
  if (values !== undefined) return values;
  const [noun, verb] = id.split(' ');
  if (Object.values(namedByFlag).includes(noun!) && verb !== 'create' && name === (verb === 'rename' ? 'CONTACT' : 'NAME')) return `names ${noun}`;
  if (id === 'help' || id === 'schema') return undefined;
  return /FILE|PATH|DIR|BUNDLE|CAR/.test(name) ? 'files' : undefined;
}

/** The words that may follow the words typed so far. */
function nextWords(entries: readonly CatalogueEntry[]): ReadonlyMap<string, readonly string[]> {
  const next = new Map<string, string[]>();
  for (const { id } of entries) {
    const words = id.split(' ');
    for (const [at, word] of words.entries()) {
      const before = words.slice(0, at).join(' ');
      next.set(before, [...(next.get(before) ?? []), word]);
    }
  }
  return new Map([...next].map(([before, words]) => [before, unique(words)]));
}

const globalsOf = (entries: readonly CatalogueEntry[]): readonly CatalogueFlag[] => (entries[0]?.flags ?? []).filter(({ global }) => global);
const ownFlags = ({ flags }: CatalogueEntry): readonly CatalogueFlag[] => flags.filter(({ global }) => !global);

const valueFlagsOf = ({ flags }: CatalogueEntry): readonly CatalogueFlag[] => flags.filter(({ value }) => value !== undefined);

/** The first flag with a value of each name. */
function valueFlags(entries: readonly CatalogueEntry[]): readonly CatalogueFlag[] {
  const byName = new Map<string, CatalogueFlag>();
  for (const flag of entries.flatMap(valueFlagsOf)) if (!byName.has(flag.name)) byName.set(flag.name, flag);
  return [...byName.values()];
}

/** `path:--flag` to its kind; a command whose flag differs from the first of that name has a row of its own before it. */
function valueRows(entries: readonly CatalogueEntry[]): readonly (readonly [string, string])[] {
  const general = new Map(valueFlags(entries).map((flag) => [flag.name, kindAction(kindOfFlag(flag))]));
  const special = entries.flatMap((entry) =>
    valueFlagsOf(entry)
      .map((flag) => ({ flag, action: kindAction(kindOfFlag(flag)) }))
      .filter(({ flag, action }) => general.get(flag.name) !== action)
      .map(({ flag, action }) => [spellings(flag).map((spelling) => quoted(`${entry.id}:${spelling}`)).join('|'), action] as const),
  );
  return [...special, ...valueFlags(entries).map((flag) => [spellings(flag).map((spelling) => `*:${spelling}`).join('|'), general.get(flag.name)!] as const)];
}

const spellings = ({ name, char }: CatalogueFlag): readonly string[] => [`--${name}`, ...(char === undefined ? [] : [`-${char}`])];

/** The body of a `case` whose patterns lead to what `show` makes of them. */
const cases = (rows: readonly (readonly [pattern: string, action: string])[]): string => rows.map(([pattern, action]) => `    ${pattern}) ${action} ;;`).join('\n');

const patternsOf = (flags: readonly CatalogueFlag[]): string => flags.flatMap(spellings).join('|') || "''";

function kindAction(kind: Kind): string {
  if (kind === undefined) return 'echo none';
  if (kind === 'names context') return `echo ${kind} --no-context`;
  if (typeof kind === 'string') return kind.startsWith('names ') ? `echo "${kind} $3"` : `echo ${kind}`;
  return `echo ${quoted(`words ${kind.join(' ')}`)}`;
}

/** Functions that both shells share: plain POSIX `case` tables. */
function tables(entries: readonly CatalogueEntry[]): string {
  const flagRows = entries.filter((entry) => ownFlags(entry).length > 0).map((entry) => [quoted(entry.id), `echo ${quoted(ownFlags(entry).map(({ name }) => `--${name}`).join(' '))}`] as const);
  const argRows = entries.flatMap(({ id, args }) =>
    args.flatMap(({ name, values, multiple }, at) => {
      const kind = kindOfArg(id, name, values);
      return kind === undefined ? [] : [[multiple ? `${quoted(`${id}:`)}*` : quoted(`${id}:${at}`), kindAction(kind)] as const];
    }),
  );
  return `_omniplex_words() {
  case "$1" in
${cases([...nextWords(entries)].map(([before, words]) => [quoted(before), `echo ${quoted(words.join(' '))}`]))}
  esac
}
_omniplex_flags() {
  echo ${quoted(globalsOf(entries).map(({ name }) => `--${name}`).join(' '))}
  case "$1" in
${cases(flagRows)}
  esac
}
_omniplex_takes_value() {
  case "$1" in
    ${patternsOf(valueFlags(entries))}) return 0 ;;
  esac
  return 1
}
_omniplex_value() {
  case "$1:$2" in
${cases(valueRows(entries))}
    *) echo none ;;
  esac
}
_omniplex_arg() {
  case "$1:$2" in
${cases(argRows)}
    *) echo none ;;
  esac
}
_omniplex_names() {
  omniplex "$1" list --json \${2-} 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d '"' -f 4
}`;
}

/**
 * Walks the words before the cursor: `cmd` is the command so far, `count` its arguments, `pending` a flag that waits for its value.
 * `context` is the flag that names one, in a single word. `path` and `words` would be wrong names: zsh ties them to PATH and to the line.
 */
const WALK = `  local cmd='' count=0 pending='' context='' word
  for word in "$@"; do
    case "$word" in ''|=) continue ;; esac
    if [ -n "$pending" ]; then
      if [ "$pending" = --context ]; then context="--context=$word"; fi
      pending=''; continue
    fi
    case "$word" in
      --context=*) context="$word" ;;
      --*=*) ;;
      -*) if _omniplex_takes_value "$word"; then pending="$word"; fi ;;
      *)
        case " $(_omniplex_words "$cmd") " in
          *" $word "*) if [ "$count" -eq 0 ]; then cmd="\${cmd:+$cmd }$word"; if [ "$cmd" = help ] || [ "$cmd" = schema ]; then cmd=''; fi; else count=$((count + 1)); fi ;;
          *) count=$((count + 1)) ;;
        esac ;;
    esac
  done`;

/** Says what comes next: `words a b c`, `files`, `folders`, `names contact --context=prod` or `none`. */
const NEXT = `_omniplex_next() {
  local cur="$1"; shift
${WALK}
  if [ -n "$pending" ]; then _omniplex_value "$cmd" "$pending" "$context"; return; fi
  case "$cur" in
    --*=*) _omniplex_value "$cmd" "\${cur%%=*}" "$context" ;;
    -*) echo words $(_omniplex_flags "$cmd") ;;
    *)
      local list; list="$(_omniplex_words "$cmd")"
      if [ -n "$list" ] && [ "$count" -eq 0 ]; then echo words $list; else _omniplex_arg "$cmd" "$count" "$context"; fi ;;
  esac
}`;

function bash(entries: readonly CatalogueEntry[]): string {
  return `# omniplex completion for bash: eval "$(omniplex completion bash)"
${tables(entries)}
${NEXT}
_omniplex() {
  local cur next prefix=''
  # bash breaks words at "=": put --flag=value together again.
  local before=("\${COMP_WORDS[@]:1:COMP_CWORD-1}")
  cur="\${COMP_WORDS[COMP_CWORD]}"
  if [ "$cur" = '=' ]; then cur=''; fi
  if [ "\${#before[@]}" -gt 0 ] && [ "\${before[\${#before[@]}-1]}" = '=' ]; then unset "before[\${#before[@]}-1]"; fi
  next="$(_omniplex_next "$cur" \${before[@]+"\${before[@]}"})"
  COMPREPLY=()
  case "$next" in
    'words '*) COMPREPLY=($(compgen -W "\${next#words }" -- "$cur")) ;;
    'names '*) COMPREPLY=($(compgen -W "$(_omniplex_names \${next#names })" -- "$cur")) ;;
    files) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")) ;;
    folders) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur")) ;;
  esac
}
complete -F _omniplex omniplex
`;
}

function zsh(entries: readonly CatalogueEntry[]): string {
  return `#compdef omniplex
# omniplex completion for zsh: omniplex completion zsh > "\${fpath[1]}/_omniplex"
${tables(entries)}
${NEXT}
_omniplex() {
  local cur="\${words[CURRENT]}" next
  next="$(_omniplex_next "$cur" "\${(@)words[2,CURRENT-1]}")"
  case "$next" in
    'words '*) compset -P '*='; compadd -- \${=next#words } ;;
    'names '*) compset -P '*='; compadd -- \${(f)"$(_omniplex_names \${=next#names })"} ;;
    files) compset -P '*='; _files ;;
    folders) compset -P '*='; _files -/ ;;
  esac
}
if [ "$funcstack[1]" = "_omniplex" ]; then _omniplex "$@"; else compdef _omniplex omniplex; fi
`;
}

export const completionScript = (shell: Shell, entries: readonly CatalogueEntry[]): string => (shell === 'bash' ? bash(entries) : zsh(entries));

/** The variables that are read. `help environment` and omniplex(1) print them. */

export const environment: Readonly<Record<string, string>> = {
  OMNIPLEX_HOME: 'as --home',
  OMNIPLEX_STORE: 'as --store',
  OMNIPLEX_CONTEXT: 'as --context, but weaker than OMNIPLEX_HOME and OMNIPLEX_STORE',
  OMNIPLEX_NO_INPUT: '1 forbids every question, as --no-input',
  NO_COLOR: 'not empty: no colors (https://no-color.org)',
  FORCE_COLOR: 'not empty: colors even in a pipe; 0 and false forbid them; stronger than NO_COLOR, weaker than --color (https://force-color.org)',
  TERM: 'set to dumb: no colors, no symbols, no progress',
  XDG_CONFIG_HOME: 'the configuration is $XDG_CONFIG_HOME/omniplex/config.json; ~/.config without it',
  XDG_DATA_HOME: 'home and store lie below it by default; ~/.local/share without it',
  XDG_CACHE_HOME: 'compiled code is kept below it, in a folder that only its owner may write to; ~/.cache without it',
  LANG: 'symbols are ASCII unless the locale (LC_ALL, LC_CTYPE, LANG) is UTF-8',
  OMNIPLEX_DEBUG: '1 shows the messages of internal errors, which may quote what they choked on: not for logs',
};

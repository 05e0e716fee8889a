/**
 * Words that no committed file may hold: reminders instead of work, and paths of one machine. The project stands alone; only `.ci/run`
 * may look for test data beside the checkout.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from './finding.ts';

interface Word {
  readonly rule: string;
  readonly pattern: RegExp;
  readonly message: string;
  readonly except: RegExp;
}

const NONE = /^$/;

// Written so that this file does not hold them itself.
const WORDS: readonly Word[] = [
  { rule: 'no-reminder', pattern: new RegExp(`\\b(?:${['TO', 'DO'].join('')}|FIX${'ME'}|X${'XX'}|HA${'CK'})\\b`), message: 'do it or file it; a reminder is neither', except: NONE },
  { rule: 'stands-alone', pattern: new RegExp(`\\.\\./${'shared'}\\b`), message: 'only .ci/run may name the folder beside the checkout', except: /^\.ci\/run$/ },
  { rule: 'stands-alone', pattern: new RegExp(`(?:^|[\\s"'\`(=:])/(?:${'work'}|${'root'}|home/[a-z]+)/`), message: 'a path of one machine', except: /^(?:test\/|docs\/|man\/|README\.md)/ },
  { rule: 'no-conflict', pattern: /^(?:<{7}|>{7}) /, message: 'a merge conflict', except: NONE },
];

const BINARY = /\.(?:png|jpg|gz|xz|car|bin|wasm|cbor|sqlite|db|pdf)$|^package-lock\.json$/;

const trackedFiles = (root: string): string[] => execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter((file) => file !== '' && !BINARY.test(file));

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // Deleted, not yet committed.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

export function words(root: string, files: readonly string[] = trackedFiles(root)): Finding[] {
  if (files.length === 0) return [{ rule: 'words', file: '.', message: '0 files seen: the check does not work' }];
  return files.flatMap((file) =>
    read(join(root, file))
      .split('\n')
      .flatMap((text, index) =>
        WORDS.filter(({ pattern, except }) => !except.test(file) && pattern.test(text)).map(({ rule, message }): Finding => ({ rule, file, line: index + 1, message })),
      ),
  );
}

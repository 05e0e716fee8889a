/** Writes encoding.json again: `node test/vectors/generate-encoding.ts`. A change here is a change of every format. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodingFile } from '../core/base/encoding.ts';

writeFileSync(join(import.meta.dirname, 'encoding.json'), encodingFile());

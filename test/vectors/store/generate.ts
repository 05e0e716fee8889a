/** Writes the golden vectors of this folder again: `node test/vectors/store/generate.ts`. A change here is a change of the format. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileText, vectorFiles } from '../../core/storage/vectors.ts';

for (const [name, content] of Object.entries(await vectorFiles())) writeFileSync(join(import.meta.dirname, name), fileText(content));

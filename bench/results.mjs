/**
 * @file `node bench/results.mjs FILE [--svg FILE]`: writes the results section of README.md beside this file from what `npm run bench -- --json FILE`
 * kept, and the chart that it shows (bench/results.svg).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ratiosChart } from './lib/chart.mjs';
import { section, withSection } from './lib/section.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const { values, positionals } = parseArgs({
  options: { svg: { type: 'string', default: join(here, 'results.svg') } },
  allowPositionals: true,
});
const [file] = positionals;
if (!file) throw new Error('which file? Type: node bench/results.mjs out/bench.json, after npm run bench -- --json out/bench.json');
const told = JSON.parse(readFileSync(file, 'utf8'));
const readme = join(here, 'README.md');
writeFileSync(readme, withSection(readFileSync(readme, 'utf8'), section(told)));
writeFileSync(values.svg, ratiosChart(told.rows, `${told.machine.cpu}, ${told.machine.threads} threads, ${told.date.slice(0, 10)}`));
console.log(`${readme}: ${told.rows.length} rows`);

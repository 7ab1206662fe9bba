import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { job } from '../src/contestant.ts'

/** Returns the first raw pins of the input, a line each with its end. */
export async function rawPins(count: number): Promise<string[]> {
  const text = await readFile(join(job().input, 'pins.jsonl'), 'utf8')
  return text.split('\n', count).flatMap((line) => (line === '' ? [] : [`${line}\n`]))
}

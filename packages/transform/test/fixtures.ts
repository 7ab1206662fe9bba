import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Dataset } from '@millrace/transform'
import { block, inOrder, type Kit, oneByOne } from './kit.ts'

/** `x.jsonl` in, `x.clean.jsonl` out, `x.bad.jsonl` rejected and why (nothing, where it is absent). */
export interface Fixture {
  readonly name: string
  readonly messages: readonly string[]
  readonly clean: readonly unknown[]
  readonly bad: readonly unknown[]
}

export async function readFixtures(folder: string): Promise<Fixture[]> {
  const files = await readdir(folder)
  const names = files.filter((file) => /^[^.]+\.jsonl$/.test(file)).map((file) => file.slice(0, -'.jsonl'.length))
  return Promise.all(
    names.map(async (name) => ({
      name,
      messages: await lines(join(folder, `${name}.jsonl`)),
      clean: (await lines(join(folder, `${name}.clean.jsonl`))).map((line) => JSON.parse(line)),
      bad: files.includes(`${name}.bad.jsonl`)
        ? (await lines(join(folder, `${name}.bad.jsonl`))).map((line) => JSON.parse(line))
        : [],
    })),
  )
}

/** What a data set makes of a fixture, in the fixture's own terms. */
export async function run(kit: Kit, dataset: Dataset, { messages }: Fixture, how: 'as it comes' | 'one by one') {
  const values = block(...messages)
  const { rows, report } = await kit.clean(dataset, [how === 'one by one' ? oneByOne(values) : values])
  return { clean: inOrder(rows), bad: report.rejected.map(({ index, reason }) => ({ line: index + 1, reason })) }
}

export function expected({ clean, bad }: Fixture) {
  return { clean: inOrder(clean), bad }
}

async function lines(file: string): Promise<string[]> {
  return (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
}

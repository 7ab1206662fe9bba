import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runGuarded } from './services/guarded.ts'
import { serdeCommand } from './services/serdes.ts'

/** How a serialiser in Java gets keys or values: what it takes is made of JSON. */
export type JavaSide =
  | { readonly format: 'text' | 'json' }
  | { readonly format: 'avro' | 'json-with-schema'; readonly schema: object }
  /** Files as Protobuf's JSON describes them: the last one has the message, the others are what it imports. */
  | { readonly format: 'protobuf'; readonly files: readonly object[]; readonly message: string }

interface Produced {
  /** Those of the producer and of its serialisers, `key.serializer` and `value.serializer` among them. */
  readonly settings: Readonly<Record<string, string>>
  readonly topic: string
  readonly key: JavaSide
  readonly value: JavaSide
  /** A null is no key, or a tombstone. */
  readonly records: readonly (readonly [key: unknown, value: unknown])[]
  /** Files that the serialisers find by their names. */
  readonly resources?: Readonly<Record<string, object>>
}

/** Sends records with serialisers in Java: those of Apicurio or Glue, by which of the two is installed in `home`. */
export async function produceBySerdes(
  home: string,
  { resources = {}, ...job }: Produced,
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const at = await mkdtemp(join(folder, 'serdes-'))
  const path = join(at, 'job.json')
  await writeFile(path, JSON.stringify(job))
  for (const [name, content] of Object.entries(resources)) await writeFile(join(at, name), JSON.stringify(content))
  const running = runGuarded(serdeCommand(home, at, path), { folder: at, logFile: join(at, 'log'), env })
  if ((await running.ended) !== 0) throw new Error(await running.log())
}

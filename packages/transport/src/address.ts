import { MillraceError, type Runtime } from '@millrace/base'
import type { TopicCatalog } from './catalog.ts'
import type { Producer, Source, SourceOptions } from './source.ts'

/** All message systems, by the scheme of their addresses; a new one is a line here. */
const SYSTEMS: Readonly<Record<string, () => Promise<MessageSystem>>> = {
  'embedded:': async () => {
    const [{ embeddedSource }, { embeddedProducer }, { embeddedCatalog }] = await Promise.all([
      import('./embedded/source.ts'),
      import('./embedded/producer.ts'),
      import('./embedded/catalog.ts'),
    ])
    return {
      source: (address, runtime) => embeddedSource(pathOf(address), runtime),
      producer: (address, runtime) => embeddedProducer(pathOf(address), runtime),
      catalog: (address) => embeddedCatalog(pathOf(address)),
    }
  },
  'kafka:': async () => {
    const [{ kafkaSource }, { kafkaProducer }, { kafkaCatalog }] = await Promise.all([
      import('./kafka/source.ts'),
      import('./kafka/producer/producer.ts'),
      import('./kafka/catalog.ts'),
    ])
    return { source: kafkaSource, producer: kafkaProducer, catalog: kafkaCatalog }
  },
  'kinesis:': async () => {
    const [{ kinesisSource }, { kinesisProducer }, { kinesisCatalog }] = await Promise.all([
      import('./kinesis/source.ts'),
      import('./kinesis/producer.ts'),
      import('./kinesis/catalog.ts'),
    ])
    return { source: kinesisSource, producer: kinesisProducer, catalog: kinesisCatalog }
  },
  'mysql-cdc:': async () => {
    const [{ mysqlCdcSource }, { mysqlCdcCatalog }, { refuse }] = await Promise.all([
      import('./mysql-cdc/source.ts'),
      import('./mysql-cdc/server/catalog.ts'),
      import('./tables/catalog.ts'),
    ])
    return { source: mysqlCdcSource, producer: (address) => refuse(address, 'records'), catalog: mysqlCdcCatalog }
  },
  'postgres-cdc:': async () => {
    const [{ postgresCdcSource }, { postgresCdcCatalog }, { refuse }] = await Promise.all([
      import('./postgres-cdc/source.ts'),
      import('./postgres-cdc/server/catalog.ts'),
      import('./tables/catalog.ts'),
    ])
    return { source: postgresCdcSource, producer: (address) => refuse(address, 'records'), catalog: postgresCdcCatalog }
  },
  'archive:': async () => {
    const [{ archiveSource }, { archiveCatalog, refuse }] = await Promise.all([
      import('./archive/source.ts'),
      import('./archive/catalog.ts'),
    ])
    return { source: archiveSource, producer: (address) => refuse(address, 'records'), catalog: archiveCatalog }
  },
}

interface MessageSystem {
  source(address: string, runtime: Runtime, options: SourceOptions): Source
  producer(address: string, runtime: Runtime): Producer
  catalog(address: string): TopicCatalog
}

/** Opens a source of the user's own. */
export type OpenSource = (options: SourceOptions, runtime: Runtime) => Source | Promise<Source>

/** Sources of the user's own, from the configuration file, by the scheme of their addresses. */
const own = new Map<string, (address: string) => OpenSource>()

export function addSources(sources: Readonly<Record<string, (address: string) => OpenSource>>): void {
  for (const [scheme, open] of Object.entries(sources)) own.set(`${scheme}:`, open)
}

function ownSource(address: string) {
  return own.get(address.slice(0, address.indexOf(':') + 1))
}

export async function openSource(address: string, runtime: Runtime, options: SourceOptions = {}): Promise<Source> {
  const open = ownSource(address)
  if (open) return open(address)(options, runtime)
  return (await systemOf(address)).source(address, runtime, options)
}

export async function openProducer(address: string, runtime: Runtime): Promise<Producer> {
  return (await systemOf(address)).producer(address, runtime)
}

/** The names of all topics or streams that are there. Nobody can list those of a source of the user's own. */
export async function listTopics(address: string): Promise<string[]> {
  if (ownSource(address)) return []
  const catalog = await openCatalog(address)
  return catalog.list().finally(() => catalog.close())
}

export async function openCatalog(address: string): Promise<TopicCatalog> {
  if (ownSource(address)) {
    throw new MillraceError('SOURCE_ADDRESS', `nobody can list the topics of ${address}, a source of your own`, {
      next: 'A worker reads the topics that are called as its data sets are, or those that are named for them.',
    })
  }
  return (await systemOf(address)).catalog(address)
}

function systemOf(address: string): Promise<MessageSystem> {
  const load = SYSTEMS[address.slice(0, address.indexOf(':') + 1)]
  if (!load) throw new MillraceError('SOURCE_ADDRESS', `no message system for ${address}`)
  return load()
}

const DEFAULT_PATH = './data/stream.db'

function pathOf(address: string): string {
  return address.slice('embedded:'.length) || DEFAULT_PATH
}

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
      import('./kafka/producer.ts'),
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

export async function openSource(address: string, runtime: Runtime, options: SourceOptions = {}): Promise<Source> {
  return (await systemOf(address)).source(address, runtime, options)
}

export async function openProducer(address: string, runtime: Runtime): Promise<Producer> {
  return (await systemOf(address)).producer(address, runtime)
}

/** The names of all topics or streams that are there. */
export async function listTopics(address: string): Promise<string[]> {
  const catalog = await openCatalog(address)
  return catalog.list().finally(() => catalog.close())
}

export async function openCatalog(address: string): Promise<TopicCatalog> {
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

import { MillraceError } from '@millrace/base'
import type { AddFile, ChangeFile, DeletionVector, Metadata, Protocol, RemoveFile, Sidecar, Txn } from './actions.ts'

/**
 * Checks that the actions of a log have the shape that the protocol gives them. Otherwise the table is broken: what
 * another writer left out or mistyped is reported here with the entry that has it.
 */
type Loose = Readonly<Record<string, unknown>>

export function checkedProtocol(value: Loose, where: string): Protocol {
  const { minReaderVersion: reader, minWriterVersion: writer } = value
  const broken = (what: string) => brokenAction(where, 'protocol', what)
  if (!isCount(reader) || !isCount(writer)) throw broken('has no versions')
  const [readerFeatures, writerFeatures] = ['readerFeatures', 'writerFeatures'].map((name) => {
    const list = value[name] ?? undefined
    if (list === undefined || isListOfTexts(list)) return list
    throw broken(`has ${name} that are no list of names`)
  })
  if (reader >= 3 && readerFeatures === undefined) throw broken('names no reader features')
  if (writer >= 7 && writerFeatures === undefined && reader >= 3) throw broken('names no writer features')
  return value as unknown as Protocol
}

export function checkedMetadata(value: Loose, where: string): Metadata {
  const broken = (what: string) => brokenAction(where, 'metaData', what)
  // Old writers leave something out, and checkpoints have it as null.
  const { id = '', schemaString, format, partitionColumns, configuration } = value
  if (typeof id !== 'string' && id !== null) throw broken('has an id that is no text')
  if (typeof (schemaString ?? '') !== 'string') throw broken('has a schema that is no text')
  if ((partitionColumns ?? null) !== null && !isListOfTexts(partitionColumns)) {
    throw broken('has partitionColumns that are no list of names')
  }
  if ((configuration ?? null) !== null && !isTexts(configuration))
    throw broken('has a configuration of other than texts')
  if ((format ?? null) !== null && !(isObject(format) && typeof format.provider === 'string')) {
    throw broken('has a format without a provider')
  }
  return {
    ...(value as unknown as Metadata),
    id: id ?? '',
    // Checked when the columns are needed: much can be known of a table without them.
    schemaString: (schemaString ?? '') as string,
    format: (format ?? { provider: 'parquet', options: {} }) as Metadata['format'],
    partitionColumns: (partitionColumns ?? []) as string[],
    configuration: (configuration ?? {}) as Record<string, string>,
  }
}

export function checkedAdd(value: Loose, where: string): AddFile {
  const add = value as unknown as AddFile
  checkFile(value, 'add', where)
  if (!isCount(value.size)) throw brokenAction(where, 'add', `of ${add.path} has no size`)
  if ((value.stats ?? null) !== null && typeof value.stats !== 'string') {
    throw brokenAction(where, 'add', `of ${add.path} has statistics that are no text`)
  }
  return (value.partitionValues ?? null) === null ? { ...add, partitionValues: {} } : add
}

export function checkedRemove(value: Loose, where: string): RemoveFile {
  checkFile(value, 'remove', where)
  return value as unknown as RemoveFile
}

export function checkedChangeFile(value: Loose, where: string): ChangeFile {
  const { path, partitionValues, size } = value as unknown as ChangeFile
  checkFile(value, 'cdc', where)
  if (!isCount(size)) throw brokenAction(where, 'cdc', `of ${path} has no size`)
  return { path, partitionValues: partitionValues ?? {}, size, dataChange: false }
}

export function checkedTxn({ appId, version, lastUpdated }: Loose, where: string): Txn {
  const isVersion = typeof version === 'bigint' || Number.isSafeInteger(version)
  if (typeof appId !== 'string' || !isVersion) throw brokenAction(where, 'txn', 'has no appId or no version')
  return {
    appId,
    version: BigInt(version as number | bigint),
    ...(typeof lastUpdated === 'number' && { lastUpdated }),
  }
}

export function checkedSidecar(value: Loose, where: string): Sidecar {
  if (typeof value.path === 'string') return value as unknown as Sidecar
  throw brokenAction(where, 'sidecar', 'has no path')
}

function checkFile({ path, partitionValues, deletionVector }: Loose, action: string, where: string): void {
  if (typeof path !== 'string') throw new MillraceError('TABLE_BROKEN', `${where} holds a file without a path`)
  const values = partitionValues ?? null
  if (values !== null && !isTexts(values)) {
    throw brokenAction(where, action, `of ${path} has partition values of other than texts`)
  }
  const vector = deletionVector ?? null
  if (vector !== null && !isVector(vector)) {
    throw brokenAction(where, action, `of ${path} has a deletion vector that the protocol does not know`)
  }
}

export function isVector(value: unknown): value is DeletionVector {
  if (!isObject(value)) return false
  const { storageType, pathOrInlineDv, offset = null, sizeInBytes, cardinality } = value
  const isPlaced = typeof pathOrInlineDv === 'string' && (offset === null || isCount(offset))
  const isKnown = storageType === 'u' || storageType === 'p' || storageType === 'i'
  return isKnown && isPlaced && isCount(sizeInBytes) && isCount(cardinality)
}

export function isObject(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

export function isTexts(value: unknown): value is Readonly<Record<string, string | null>> {
  return isObject(value) && Object.values(value).every((text) => text === null || typeof text === 'string')
}

function brokenAction(where: string, action: string, what: string): MillraceError {
  return new MillraceError('TABLE_BROKEN', `${where}: an action ${action} ${what}`)
}

import { readFileSync } from 'node:fs'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { crc32 } from 'node:zlib'
import { openLake } from '@millrace/store'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AddFile, appendRows, planScan, type Snapshot, withScan } from '../../src/index.ts'
import type { DeletionVector } from '../../src/log/actions.ts'
import { startReplay } from '../../src/read/replay.ts'
import { column, committed, openTestTables, struct, type TestTables } from '../test-tables.ts'

let at: TestTables
let table: Snapshot
beforeAll(async () => {
  at = await openTestTables()
  const empty = await at.create({ schema: struct(column('n', 'long'), column('p', 'long')), partitionColumns: ['p'] })
  table = await committed(appendRows(empty, 'SELECT range AS n, range // 50000 AS p FROM range(100000)', at))
})
afterAll(() => at.close())

const bitmap = (name: string) => readFileSync(join(import.meta.dirname, 'roaring', `${name}.bin`))
const UUID_IN_Z85 = '^-aqEH.-t@S}K{vb[*k^'
const FILE_NAME = 'deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin'

/** A file of vectors: version, then length, bitmap and CRC of each; with the offset of each. */
function vectorFile(...bitmaps: readonly Buffer[]): { bytes: Buffer; offsets: number[] } {
  let bytes = Buffer.from([1])
  const offsets = bitmaps.map((bitmap) => {
    const offset = bytes.length
    const frame = Buffer.alloc(8)
    frame.writeUInt32BE(bitmap.length)
    frame.writeUInt32BE(crc32(bitmap), 4)
    bytes = Buffer.concat([bytes, frame.subarray(0, 4), bitmap, frame.subarray(4)])
    return offset
  })
  return { bytes, offsets }
}

/** The snapshot with deletion vectors on the files of its partitions. */
function withVectors(vectors: Readonly<Record<string, DeletionVector>>): Snapshot {
  const replay = startReplay(table.table, table)
  for (const file of table.files.values()) {
    const deletionVector = vectors[String(file.partitionValues.p)]
    if (deletionVector) replay.add({ ...file, deletionVector } satisfies AddFile)
  }
  return { ...table, files: replay.finish().files }
}

async function left(snapshot: Snapshot): Promise<unknown> {
  return (
    await at.ask(
      snapshot,
      'SELECT p, count(*) AS rows, min(n) AS least, sum(n) AS total FROM rows GROUP BY p ORDER BY p',
    )
  ).map(({ p, rows, least, total }) => [p, rows, least, total].map(Number))
}

const WHOLE = [
  [0, 50_000, 0, 1_249_975_000],
  [1, 50_000, 50_000, 3_749_975_000],
]

test('rows are left out by the vectors of several files in one file of vectors', async () => {
  const { bytes, offsets } = vectorFile(bitmap('few'), bitmap('scattered'))
  await at.store.put(`${table.table.path}/ab/${FILE_NAME}`, bytes)
  const vector = (index: number, name: string, cardinality: number): DeletionVector => ({
    storageType: 'u',
    pathOrInlineDv: `ab${UUID_IN_Z85}`,
    offset: offsets[index] as number,
    sizeInBytes: bitmap(name).length,
    cardinality,
  })
  const few = 3 + 4 + 7 + 11 + 18 + 29
  const thirds = 10_000 * 50_000 + 3 * ((9_999 * 10_000) / 2)
  const snapshot = withVectors({ 0: vector(0, 'few', 6), 1: vector(1, 'scattered', 10_000) })
  expect(await left(snapshot)).toEqual([
    [0, 49_994, 0, 1_249_975_000 - few],
    [1, 40_000, 50_001, 3_749_975_000 - thirds],
  ])
  const counted = await withScan(planScan(snapshot, { columns: [] }), at.connection, (rows) =>
    at.connection.runAndReadAll(`SELECT count(*)::INTEGER FROM (${rows})`),
  )
  expect(counted.getRows()).toEqual([[89_994]])
})

test('a vector within the log, and one by its address, are applied too', async () => {
  const { bytes } = vectorFile(bitmap('few'))
  await at.store.put('elsewhere/my vectors.bin', bytes)
  const byAddress: DeletionVector = {
    storageType: 'p',
    pathOrInlineDv: `${at.store.url}/elsewhere/my%20vectors.bin`,
    offset: 1,
    sizeInBytes: bitmap('few').length,
    cardinality: 6,
  }
  const inline: DeletionVector = {
    storageType: 'i',
    pathOrInlineDv: 'wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L',
    sizeInBytes: 40,
    cardinality: 6,
  }
  const few = 3 + 4 + 7 + 11 + 18 + 29
  expect(await left(withVectors({ 0: inline, 1: byAddress }))).toEqual([
    [0, 49_994, 0, 1_249_975_000 - few],
    [1, 49_994, 50_000, 3_749_975_000 - 6 * 50_000 - few],
  ])
})

test('a vector that deletes nothing leaves the rows', async () => {
  const { bytes } = vectorFile(bitmap('none'))
  await at.store.put(`${table.table.path}/${FILE_NAME}`, bytes)
  const none: DeletionVector = {
    storageType: 'u',
    pathOrInlineDv: UUID_IN_Z85,
    offset: 1,
    sizeInBytes: 12,
    cardinality: 0,
  }
  expect(await left(withVectors({ 0: none }))).toEqual(WHOLE)
})

test.each<[string, Partial<DeletionVector>, (bytes: Buffer) => Buffer | undefined]>([
  ['holds 6 rows where the log says 7', { cardinality: 7 }, (bytes) => bytes],
  ['disagrees with its checksum', {}, (bytes) => bytes.fill(9, 20, 21)],
  ['disagrees with its checksum', {}, (bytes) => bytes.subarray(0, 30)],
  ['disagrees with its checksum', { sizeInBytes: 46 }, (bytes) => bytes],
  ['is gone', {}, () => undefined],
  ['is no Z85 text', { storageType: 'i', pathOrInlineDv: 'abc' }, () => undefined],
  ['is no Z85 text', { storageType: 'i', pathOrInlineDv: '##093', sizeInBytes: 4 }, () => undefined],
  ['is no Roaring bitmap', { storageType: 'i', pathOrInlineDv: 'HelloWorld' }, () => undefined],
  ['lies in no place', { storageType: 'p', pathOrInlineDv: 'file:nowhere' }, () => undefined],
])('a vector that %s is refused, and its file named', async (says, wrong, damage) => {
  const key = `${table.table.path}/${FILE_NAME}`
  const bytes = damage(vectorFile(bitmap('few')).bytes)
  if (bytes) await at.store.put(key, bytes)
  else await at.store.delete(key)
  const few: DeletionVector = {
    storageType: 'u',
    pathOrInlineDv: UUID_IN_Z85,
    offset: 1,
    sizeInBytes: 47,
    cardinality: 6,
  }
  const reading = left(withVectors({ 0: { ...few, ...wrong } }))
  await expect(reading).rejects.toMatchObject({ code: 'TABLE_BROKEN', message: expect.stringContaining(says) })
  await expect(reading).rejects.toThrow(/p=0.*\.parquet/)
})

const FEW = 3 + 4 + 7 + 11 + 18 + 29
const fewIn = (path: string, offset = 1): DeletionVector => ({
  storageType: 'p',
  pathOrInlineDv: path,
  offset,
  sizeInBytes: bitmap('few').length,
  cardinality: 6,
})

test('a vector outside of the lake is applied where the user allows its folder, and nowhere else', async () => {
  const outside = join(dirname(at.lake), 'vectors of others')
  await mkdir(outside)
  await writeFile(join(outside, 'v.bin'), vectorFile(bitmap('few')).bytes)
  const snapshot = withVectors({ 0: fewIn(pathToFileURL(join(outside, 'v.bin')).href) })
  const lake = async (...allowPaths: string[]) => ({
    ...snapshot,
    table: { ...snapshot.table, store: await openLake(at.lake, { allowPaths }) },
  })
  expect(await left(await lake(outside))).toEqual([[0, 49_994, 0, 1_249_975_000 - FEW], WHOLE[1]])
  for (const other of [await lake(), await lake(join(outside, 'v')), await lake(join(outside, 'other'))]) {
    await expect(left(other)).rejects.toMatchObject({ code: 'PATH_OUTSIDE' })
  }
})

test('of a large file of vectors the vectors are read and no more', async () => {
  const far = 600 << 20
  const { bytes } = vectorFile(bitmap('few'))
  await at.store.put(`${table.table.path}/large.bin`, bytes)
  const file = await open(join(at.lake, table.table.path, 'large.bin'), 'r+')
  await file.write(bytes, 1, bytes.length - 1, far)
  await file.close()
  expect(await left(withVectors({ 0: fewIn('large.bin'), 1: fewIn('large.bin', far) }))).toEqual([
    [0, 49_994, 0, 1_249_975_000 - FEW],
    [1, 49_994, 50_000, 3_749_975_000 - 6 * 50_000 - FEW],
  ])
  await expect(at.store.get(`${table.table.path}/large.bin`)).rejects.toMatchObject({ code: 'STORE_FAILED' })
})

test('vectors that are larger than a scan may hold are refused before they are read', async () => {
  const large = { ...fewIn('gone.bin'), sizeInBytes: 33 << 20 }
  await expect(left(withVectors({ 0: large, 1: large }))).rejects.toMatchObject({
    code: 'TABLE_UNSUPPORTED',
    message: expect.stringContaining('69206016 bytes'),
  })
})

import { Undecodable } from '../transcode/undecodable.ts'

const NAMES = [
  '',
  'POINT',
  'LINESTRING',
  'POLYGON',
  'MULTIPOINT',
  'MULTILINESTRING',
  'MULTIPOLYGON',
  'GEOMETRYCOLLECTION',
] as const

/** Bits of PostGIS in a type: more coordinates, and a reference system that follows. */
const [HAS_Z, HAS_M, HAS_SRID] = [0x80000000, 0x40000000, 0x20000000]

const DEEPEST = 16

/** Returns a geometry as text (WKT) from its binary form (WKB). */
export function wktOf(wkb: Buffer): string {
  const from = { bytes: wkb, at: 0 }
  try {
    const text = geometry(from, 0)
    if (from.at === wkb.length) return text
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  throw new Undecodable('no geometry')
}

interface Cursor {
  readonly bytes: Buffer
  at: number
}

interface Shape {
  readonly little: boolean
  readonly coordinates: number
}

function geometry(from: Cursor, depth: number): string {
  const little = from.bytes.readUInt8(from.at++) === 1
  const type = count(from, little)
  if (type & HAS_SRID) from.at += 4
  const iso = (type & 0xffff) / 1000
  const [z, m] = [(type & HAS_Z) !== 0 || (iso >= 1 && iso < 2) || iso >= 3, (type & HAS_M) !== 0 || iso >= 2]
  const kind = (type & 0xffff) % 1000
  const name = NAMES[kind]
  if (!name || depth > DEEPEST) throw new Undecodable('no geometry that is known')
  const shape = { little, coordinates: 2 + (z ? 1 : 0) + (m ? 1 : 0) }
  const marks = z || m ? ` ${z ? 'Z' : ''}${m ? 'M' : ''} ` : ''
  const body = bodyOf(kind, from, shape, depth)
  return `${name}${marks}${body === '()' ? ' EMPTY' : body}`
}

function bodyOf(kind: number, from: Cursor, shape: Shape, depth: number): string {
  if (kind === 1) return `(${point(from, shape)})`
  if (kind === 2) return points(from, shape)
  if (kind === 3) return list(from, shape, () => points(from, shape))
  if (kind === 7) return list(from, shape, () => geometry(from, depth + 1))
  // The parts of a collection of one kind are written without their names.
  return list(from, shape, () => geometry(from, depth + 1).replace(/^[A-Z]+( [ZM]+ )?/, ''))
}

function points(from: Cursor, shape: Shape): string {
  return list(from, shape, () => point(from, shape))
}

function list(from: Cursor, { little }: Shape, part: () => string): string {
  const parts: string[] = []
  for (let left = count(from, little); left > 0; left--) parts.push(part())
  return `(${parts.join(',')})`
}

function point(from: Cursor, { little, coordinates }: Shape): string {
  const values: number[] = []
  for (let i = 0; i < coordinates; i++) {
    values.push(little ? from.bytes.readDoubleLE(from.at) : from.bytes.readDoubleBE(from.at))
    from.at += 8
  }
  return values.join(' ')
}

function count(from: Cursor, little: boolean): number {
  const value = little ? from.bytes.readUInt32LE(from.at) : from.bytes.readUInt32BE(from.at)
  from.at += 4
  return value
}

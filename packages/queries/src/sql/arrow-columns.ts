import {
  type DuckDBBlobValue,
  type DuckDBDateValue,
  DuckDBDecimalType,
  DuckDBDecimalValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBStructType,
  type DuckDBStructValue,
  type DuckDBTimestampTZValue,
  type DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api'
import {
  Binary,
  Bool,
  type Data,
  type DataType,
  DateDay,
  Decimal,
  Field,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  List,
  Map_,
  makeData,
  Struct,
  TimestampMicrosecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow'

/** Arrow type of a DuckDB column, and the conversion of its values. */
export interface ArrowColumn {
  readonly type: DataType
  data(values: readonly DuckDBValue[]): Data
}

/** Returns the Arrow column of a DuckDB type. Types that Arrow lacks or that its library can't write become text. */
export function arrowColumn(type: DuckDBType): ArrowColumn {
  if (type instanceof DuckDBListType) return listColumn(arrowColumn(type.valueType))
  if (type instanceof DuckDBStructType) return structColumn(type)
  if (type instanceof DuckDBMapType) return mapColumn(arrowColumn(type.keyType), arrowColumn(type.valueType))
  if (type instanceof DuckDBDecimalType) return decimalColumn(type.scale, type.width)
  switch (type.typeId) {
    case DuckDBTypeId.BOOLEAN:
      return booleanColumn
    case DuckDBTypeId.BLOB:
      return bytesColumn(new Binary(), (value) => (value as DuckDBBlobValue).bytes)
    case DuckDBTypeId.HUGEINT:
      return decimalColumn(0, 38)
    default:
      return numberColumn(type.typeId) ?? bytesColumn(new Utf8(), (value) => Buffer.from(String(value)))
  }
}

type Numbers =
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Float32Array
  | Float64Array

function numberColumn(typeId: DuckDBTypeId): ArrowColumn | undefined {
  const { TINYINT, SMALLINT, INTEGER, BIGINT, UTINYINT, USMALLINT, UINTEGER, UBIGINT, FLOAT, DOUBLE } = DuckDBTypeId
  switch (typeId) {
    case TINYINT:
      return numbers(new Int8(), Int8Array)
    case SMALLINT:
      return numbers(new Int16(), Int16Array)
    case INTEGER:
      return numbers(new Int32(), Int32Array)
    case UTINYINT:
      return numbers(new Uint8(), Uint8Array)
    case USMALLINT:
      return numbers(new Uint16(), Uint16Array)
    case UINTEGER:
      return numbers(new Uint32(), Uint32Array)
    case FLOAT:
      return numbers(new Float32(), Float32Array)
    case DOUBLE:
      return numbers(new Float64(), Float64Array)
    case BIGINT:
      return longs(new Int64(), (value) => value as bigint)
    case UBIGINT:
      return longs(new Uint64(), (value) => value as bigint)
    case DuckDBTypeId.DATE:
      return numbers(new DateDay(), Int32Array, (value) => (value as DuckDBDateValue).days)
    case DuckDBTypeId.TIMESTAMP:
      return longs(new TimestampMicrosecond(), (value) => (value as DuckDBTimestampValue).micros)
    case DuckDBTypeId.TIMESTAMP_TZ:
      return longs(new TimestampMicrosecond('UTC'), (value) => (value as DuckDBTimestampTZValue).micros)
    default:
      return undefined
  }
}

function numbers<T extends Numbers>(
  type: DataType,
  make: new (length: number) => T,
  of = (value: DuckDBValue) => value as number,
): ArrowColumn {
  return fixed(type, (values) => {
    const data = new make(values.length)
    for (const [i, value] of values.entries()) if (value !== null) data[i] = of(value)
    return data
  })
}

function longs(type: DataType, of: (value: DuckDBValue) => bigint): ArrowColumn {
  return fixed(type, (values) => {
    const data = type instanceof Uint64 ? new BigUint64Array(values.length) : new BigInt64Array(values.length)
    for (const [i, value] of values.entries()) if (value !== null) data[i] = of(value)
    return data
  })
}

/** Writes decimals as 128 bits each, low half first. */
function decimalColumn(scale: number, precision: number): ArrowColumn {
  return fixed(new Decimal(scale, precision), (values) => {
    const halves = new BigInt64Array(values.length * 2)
    for (const [i, value] of values.entries()) {
      const unscaled = value instanceof DuckDBDecimalValue ? value.value : (value as bigint | null)
      if (unscaled === null) continue
      halves[2 * i] = BigInt.asIntN(64, unscaled)
      halves[2 * i + 1] = unscaled >> 64n
    }
    return new Uint32Array(halves.buffer)
  })
}

const booleanColumn: ArrowColumn = fixed(new Bool(), (values) => bitsOf(values.map((value) => value === true)))

function fixed(type: DataType, dataOf: (values: readonly DuckDBValue[]) => ArrayBufferView): ArrowColumn {
  return {
    type,
    data: (values) => makeData({ type, length: values.length, ...nullsOf(values), data: dataOf(values) } as never),
  }
}

function bytesColumn(type: DataType, bytesOf: (value: DuckDBValue) => Uint8Array): ArrowColumn {
  return {
    type,
    data(values) {
      const parts = values.map((value) => (value === null ? NOTHING : bytesOf(value)))
      const places = { valueOffsets: offsetsOf(parts.map(({ length }) => length)), data: Buffer.concat(parts) }
      return makeData({ type, length: values.length, ...nullsOf(values), ...places } as never)
    },
  }
}

const NOTHING = new Uint8Array()

function listColumn(child: ArrowColumn): ArrowColumn {
  const type = new List(new Field('item', child.type, true))
  return {
    type,
    data(values) {
      const items = values.map((value) => (value instanceof DuckDBListValue ? value.items : []))
      const valueOffsets = offsetsOf(items.map(({ length }) => length))
      return makeData({
        type,
        length: values.length,
        ...nullsOf(values),
        valueOffsets,
        child: child.data(items.flat()),
      })
    },
  }
}

function structColumn({ entryNames, entryTypes }: DuckDBStructType): ArrowColumn {
  const members = entryTypes.map(arrowColumn)
  const type = new Struct(members.map((member, i) => new Field(String(entryNames[i]), member.type, true)))
  return {
    type,
    data(values) {
      const children = members.map((member, i) =>
        member.data(values.map((value) => (value as DuckDBStructValue | null)?.entries[String(entryNames[i])] ?? null)),
      )
      return makeData({ type, length: values.length, ...nullsOf(values), children })
    },
  }
}

function mapColumn(key: ArrowColumn, value: ArrowColumn): ArrowColumn {
  const members = [new Field('key', key.type, false), new Field('value', value.type, true)] as const
  const entry = new Struct<{ key: DataType; value: DataType }>([...members])
  const type = new Map_(new Field('entries', entry, false))
  return {
    type,
    data(values) {
      const entries = values.map((each) => (each instanceof DuckDBMapValue ? each.entries : []))
      const all = entries.flat()
      const children = [key.data(all.map((each) => each.key)), value.data(all.map((each) => each.value))]
      const child = makeData({ type: entry, length: all.length, nullCount: 0, children })
      const valueOffsets = offsetsOf(entries.map(({ length }) => length))
      return makeData({ type, length: values.length, ...nullsOf(values), valueOffsets, child })
    },
  }
}

function offsetsOf(lengths: readonly number[]): Int32Array {
  const offsets = new Int32Array(lengths.length + 1)
  for (const [i, length] of lengths.entries()) offsets[i + 1] = (offsets[i] ?? 0) + length
  return offsets
}

function nullsOf(values: readonly DuckDBValue[]) {
  const nullCount = values.reduce<number>((count, value) => count + (value === null ? 1 : 0), 0)
  return nullCount === 0 ? { nullCount } : { nullCount, nullBitmap: bitsOf(values.map((value) => value !== null)) }
}

/** Packs flags into bits. The first flag is the lowest bit of the first byte. */
function bitsOf(flags: readonly boolean[]): Uint8Array {
  const bits = new Uint8Array(Math.ceil(flags.length / 8))
  for (const [i, flag] of flags.entries()) if (flag) bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7))
  return bits
}

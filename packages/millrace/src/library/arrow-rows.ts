import { DataType, type Table, type Vector } from 'apache-arrow'

/** Yields the rows of an Arrow table with values as `append` takes them. */
export function* arrowRows(table: Table): Generator<Record<string, unknown>> {
  const columns = table.schema.fields.map(({ name, type }) => ({ name, type, vector: table.getChild(name) }))
  for (let i = 0; i < table.numRows; i++) {
    yield Object.fromEntries(columns.map(({ name, type, vector }) => [name, plain(vector?.get(i), type)]))
  }
}

function plain(value: unknown, type: DataType): unknown {
  if (value === null || value === undefined) return null
  if (DataType.isDictionary(type)) return plain(value, type.dictionary)
  if (DataType.isTimestamp(type)) return momentOf(Number(value))
  if (DataType.isDate(type)) return new Date(Number(value)).toISOString().slice(0, 10)
  if (DataType.isDecimal(type)) return decimalOf(value as Uint32Array, type.scale)
  if (DataType.isList(type) || DataType.isFixedSizeList(type)) {
    const inner = type.children[0]?.type as DataType
    return [...(value as Vector)].map((item) => plain(item, inner))
  }
  if (DataType.isStruct(type)) {
    const row = value as Record<string, unknown>
    return Object.fromEntries(type.children.map(({ name, type: inner }) => [name, plain(row[name], inner)]))
  }
  if (DataType.isMap(type)) {
    const inner = type.children[0]?.type.children[1]?.type as DataType
    return new Map([...(value as Iterable<[unknown, unknown]>)].map(([key, item]) => [key, plain(item, inner)]))
  }
  return value
}

/** Arrow's library gives milliseconds with a fraction, whatever the unit: microseconds are exact in it. */
function momentOf(milliseconds: number): string {
  const whole = Math.floor(milliseconds)
  const micros = Math.round((milliseconds - whole) * 1000)
  const [shown, rest] = micros === 1000 ? [whole + 1, 0] : [whole, micros]
  return new Date(shown).toISOString().replace('Z', `${String(rest).padStart(3, '0')}Z`)
}

/** The words of a decimal, the lowest first, are one number in two's complement. */
function decimalOf(words: Uint32Array, scale: number): string {
  const whole = words.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n)
  const text = String(BigInt.asIntN(words.length * 32, whole))
  const digits = text.replace('-', '').padStart(scale + 1, '0')
  const sign = text.startsWith('-') ? '-' : ''
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

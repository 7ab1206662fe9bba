import { type JoinedValues, MillraceError, type ValueTraits } from '@millrace/base'
import type { BlockColumns, RowGroup } from '../block-columns.ts'
import { JsonWriter } from '../transcode/json-writer.ts'
import { pageReader } from './page.ts'

const [COMMA, NEWLINE, OPENING_BRACE, CLOSING_BRACE] = [0x2c, 0x0a, 0x7b, 0x7d]

/** JSON is about so much longer than columns. */
const USUAL_GROWTH = 1.5

/** Returns the lines of a block's records, one for each of so many messages. They are made when they are first asked for. */
export function linesOf(block: BlockColumns, count: number): JoinedValues {
  let made: JoinedValues | undefined
  const lines = () => {
    made ??= makeLines(block, count)
    return made
  }
  return {
    count,
    get bytes() {
      return lines().bytes
    },
    get ends() {
      return lines().ends
    },
    get traits() {
      return lines().traits
    },
  }
}

function makeLines(block: BlockColumns, count: number): JoinedValues {
  if (block.isReleased()) throw new MillraceError('INTERNAL', 'lines of columns whose memory is used again')
  const ends = new Int32Array(count)
  const pieces: Buffer[] = []
  let [next, size, longest, records] = [0, 0, 0, 0]
  for (const group of block.groups) {
    const writeRow = rowWriter(block, group)
    const to = new JsonWriter(groupBytes(group) * USUAL_GROWTH)
    for (const [row, index] of group.index.entries()) {
      for (; next < index; next++) {
        ends[next] = -1 - size - to.at
        to.byte(NEWLINE)
      }
      const start = to.at
      writeRow(row, to)
      longest = Math.max(longest, to.at - start)
      ends[next++] = size + to.at
      to.byte(NEWLINE)
    }
    records += group.index.length
    const piece = Buffer.allocUnsafeSlow(to.at)
    size += to.finishInto(piece)
    pieces.push(piece)
  }
  pieces.push(Buffer.alloc(count - next, NEWLINE))
  for (; next < count; next++) ends[next] = -1 - size++
  const nulls = records < count
  const traits: ValueTraits = { nulls, lineBreaks: false, longest, first: nulls || count === 0 ? -1 : OPENING_BRACE }
  return { count, bytes: Buffer.concat(pieces), ends, traits }
}

function groupBytes({ pages }: RowGroup): number {
  return [...pages.values()].reduce((sum, { bytes }) => sum + bytes.length, 0)
}

/** Returns what writes one row after another as a record of JSON; what is null is left out, which means the same. */
function rowWriter({ columns, layouts }: BlockColumns, { layout, pages }: RowGroup) {
  const fields = columns.map(({ name, kind }, column) => {
    const page = pages.get(column)
    return page && { key: Buffer.from(`${JSON.stringify(name)}:`), kind, bytes: page.bytes, placeOf: pageReader(page) }
  })
  return (row: number, to: JsonWriter) => {
    to.byte(OPENING_BRACE)
    const start = to.at
    for (const column of layouts[layout[row] as number] as Int32Array) {
      const field = fields[column]
      const place = field?.placeOf(row)
      if (!field || !place) continue
      if (to.at > start) to.byte(COMMA)
      to.raw(field.key)
      if (field.kind === 'text') to.text(field.bytes, ...place)
      else to.raw(field.bytes.subarray(...place))
    }
    to.byte(CLOSING_BRACE)
  }
}

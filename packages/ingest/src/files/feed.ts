import { statSync } from 'node:fs'
import { extname } from 'node:path'
import { MillraceError } from '@millrace/base'
import type { Feed } from '../feed.ts'
import { linesOf } from './lines.ts'
import { tableRecords } from './table.ts'

/** Records in pieces of bounded size. */
export type Pieces = AsyncIterable<readonly Uint8Array[]>

/** Readers by file extension. Files with any other extension are JSON lines. */
const READERS: Readonly<Record<string, (path: string) => Pieces>> = {
  '.csv': (path) => tableRecords(path, 'csv'),
  '.parquet': (path) => tableRecords(path, 'parquet'),
}

export function fileFeed(path: string, datasets: readonly string[]): Feed {
  const [dataset, another] = datasets
  if (dataset === undefined || another !== undefined) {
    throw new MillraceError('USAGE', `a file holds the records of one data set, not of ${datasets.join(' and ')}`, {
      next: `Name the one data set whose records ${path} holds.`,
    })
  }
  refuseNoFile(path)
  const read = READERS[extname(path).toLowerCase()] ?? linesOf
  return piecewise(dataset, read(path))
}

function refuseNoFile(path: string): void {
  const there = statSync(path, { throwIfNoEntry: false })
  const why = there === undefined ? `there is no file ${path}` : there.isDirectory() && `${path} is a folder`
  if (why) throw new MillraceError('USAGE', why, { next: 'Name a file of records: JSON lines, .csv or .parquet.' })
}

/** Returns a feed of the pieces. It splits pieces that are larger than requested. */
function piecewise(dataset: string, pieces: Pieces): Feed {
  const ahead = readAhead(pieces)
  return {
    async next(most) {
      const records = (await ahead.waiting()) > 0 ? ahead.take(most) : []
      return records.length > 0 ? new Map([[dataset, records]]) : undefined
    },
    close: ahead.close,
  }
}

/** Returns a buffer that reads the next piece once the previous one has been taken. */
export function readAhead(pieces: Pieces) {
  const iterator = pieces[Symbol.asyncIterator]()
  let rest: readonly Uint8Array[] = []
  return {
    /** Returns how many records can be taken, or 0 at the end. */
    async waiting(): Promise<number> {
      while (rest.length === 0) {
        const piece = await iterator.next()
        if (piece.done) return 0
        rest = piece.value
      }
      return rest.length
    },
    take(most: number): readonly Uint8Array[] {
      const records = rest.slice(0, most)
      rest = rest.slice(records.length)
      return records
    },
    close: async () => void (await iterator.return?.()),
  }
}

import { MillraceError, type Runtime } from '@millrace/base'
import type { Block, Partition, Position, ReadOptions } from '../source.ts'
import { samePosition } from '../source.ts'
import { blockOf, tableOf } from '../tables/messages.ts'
import type { MysqlCdcAddress } from './address.ts'
import type { LogReader, SharedLog } from './log/shared-log.ts'
import { type LogPlace, logBehindRows, nameAt, placeOf, positionOf, type RowsPlace } from './position.ts'
import { type LastKey, readNextRows } from './rows-reader.ts'
import { describeTable, findTable } from './server/columns.ts'
import { fileName, logEnd, type Server, textOf } from './server/server.ts'
import { spotHere } from './spot.ts'

export interface TableReader {
  read(from: Position, options: ReadOptions): Promise<Block | undefined>
  close(): void
}

/** Reads one table: its rows, then its changes. */
export function openTableReader(
  address: MysqlCdcAddress,
  partition: Partition,
  server: Server,
  sharedLog: SharedLog,
  runtime: Runtime,
): TableReader {
  const [database, name] = tableOf(partition.topic)
  let rowsAt: { readonly position: Position; readonly last: LastKey } | undefined
  let log: { readonly reader: LogReader; position: Position } | undefined

  const closeLog = () => {
    log?.reader.close()
    log = undefined
  }
  const readRows = async (place: RowsPlace, from: Position, { maxBytes }: ReadOptions) => {
    closeLog()
    const isAgain = place.round > 0n
    const table = await (isAgain ? findTable : describeTable)(server, database, name)
    // Its end is in the log too.
    if (!table) return blockOf(partition, from, positionOf(logBehindRows(place)), [], [], runtime.now())
    const { base } = await logEnd(server)
    const known = rowsAt && samePosition(rowsAt.position, from) ? rowsAt.last : undefined
    const { messages, places, next, last } = await readNextRows(server, base, table, place, known, maxBytes)
    const to = positionOf(next)
    rowsAt = last && { position: to, last }
    return blockOf(partition, from, to, messages, places.map(nameAt), runtime.now())
  }
  const readLog = async (place: LogPlace, from: Position, { maxBytes, waitMs, signal }: ReadOptions) => {
    if (!log || !samePosition(log.position, from)) {
      closeLog()
      const base = await checkPlace(server, place)
      const columns = (await findTable(server, database, name))?.columns ?? []
      const stored = new Map(columns.flatMap(({ name: column, stored }) => (stored ? [[column, stored]] : [])))
      log = { reader: sharedLog.follow({ table: name, stored }, base, place), position: from }
    }
    const { reader } = log
    try {
      const messages = await reader.take(maxBytes, waitMs, signal)
      const to = positionOf(reader.place())
      log.position = to
      if (messages.length === 0 && samePosition(to, from)) return undefined
      const newest = messages.at(-1)?.time
      const names = messages.map(({ at }) => nameAt(at))
      const block = blockOf(partition, from, to, messages, names, newest ?? 0)
      return { ...block, ...(newest !== undefined && { behind: { ms: Math.max(0, runtime.now() - newest) } }) }
    } catch (error) {
      closeLog()
      server.renew()
      throw error
    }
  }
  return {
    async read(from, options) {
      const place = placeOf(from)
      if (!place) throw gone(`${partition.topic} has no position ${from.join('.')}`)
      const isHere = log && place.phase === 'log' && samePosition(log.position, from)
      if (!isHere && place.server !== (await server.number())) {
        // Another server has taken its place: its log has the same transactions elsewhere.
        const moved = { ...place, ...(await spotHere(address, server, place, runtime)), round: place.round + 1n }
        return blockOf(partition, from, positionOf(moved), [], [], runtime.now())
      }
      return place.phase === 'rows' ? readRows(place, from, options) : readLog(place, from, options)
    },
    close: closeLog,
  }
}

/** Fails where the log does not go back to a place any more. Returns the name of its files. */
async function checkPlace(server: Server, { file, pos }: LogPlace): Promise<string> {
  const { base } = await logEnd(server)
  const wanted = fileName(base, file)
  const files = await server.rows('SHOW BINARY LOGS')
  const size = files.find(([name]) => textOf(name) === wanted)?.[1]
  if (size === undefined) {
    throw gone(`the log file ${wanted} is gone from the server; its oldest is ${textOf(files[0]?.[0])}`)
  }
  if (pos > BigInt(textOf(size))) throw gone(`the log file ${wanted} ends at ${textOf(size)}, before ${pos}`)
  return base
}

function gone(what: string): MillraceError {
  return new MillraceError('OFFSET_OUT_OF_RANGE', what, {
    next: 'Keep the log longer there (binlog_expire_logs_seconds; on RDS: binlog retention hours), and read the table anew with a new group.',
  })
}

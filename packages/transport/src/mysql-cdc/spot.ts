import { MillraceError, type Runtime } from '@millrace/base'
import type { MysqlCdcAddress } from './address.ts'
import { openDump } from './log/dump.ts'
import { type Gtid, type LogPlace, NO_GTID, type Place, type Spot } from './position.ts'
import { fileName, type LogEnd, logEnd, parseFile, type Server, serverNumber, textOf } from './server/server.ts'

/** Returns a place of the log with what tells it on other servers. */
export async function spotOf(server: Pick<Server, 'rows'>, { base, file, pos }: LogEnd): Promise<Spot> {
  const at = { file, pos, server: await serverNumber(server) }
  const domain = await domainOf(server)
  if (domain === undefined) return { ...at, gtid: NO_GTID }
  const [row] = await server.rows(`SELECT BINLOG_GTID_POS('${fileName(base, file)}', ${pos})`)
  return { ...at, gtid: gtidIn(textOf(row?.[0]), domain) }
}

/** Returns the number of the domain of a MariaDB. */
async function domainOf(server: Pick<Server, 'rows'>): Promise<string | undefined> {
  const [row] = await server.rows("SHOW GLOBAL VARIABLES LIKE 'gtid_domain_id'")
  return row && textOf(row[1])
}

/** Returns the last transaction of the domain; none where there are other domains, whose order nobody knows. */
function gtidIn(list: string, domain: string): Gtid {
  const [[of, server, number] = [], ...others] = list.split(',').map((gtid) => gtid.split('-'))
  if (of !== domain || others.length > 0 || server === undefined || number === undefined) return NO_GTID
  return { server: BigInt(server), number: BigInt(number) }
}

/** Returns a place of another server's log in this one's: behind the same transaction, and in the same one. */
export async function spotHere(
  address: MysqlCdcAddress,
  server: Server,
  place: Place,
  runtime: Runtime,
): Promise<Spot> {
  const { gtid, server: was } = place
  const end = await logEnd(server)
  const here = await spotOf(server, end)
  const domain = await domainOf(server)
  if (domain === undefined || gtid.number === 0n || here.gtid.number === 0n) {
    throw lost(
      `the place is one of server ${was}, and this is server ${here.server}`,
      'Go on with that server, or read the tables anew with a new group. A replica of MariaDB can take its place where all transactions are of one domain (gtid_domain_id), and it logs what it replicates (log_slave_updates).',
    )
  }
  const name = `${domain}-${gtid.server}-${gtid.number}`
  const isWithin = place.phase === 'log' && place.next > 0n
  if (here.gtid.server === gtid.server && here.gtid.number === gtid.number) {
    if (isWithin) throw lost(`this server's log ends with transaction ${name}; ${changesOf(place)}`, LOST_WITHIN)
    return here
  }
  const files = (await server.rows('SHOW BINARY LOGS')).map(([file]) => textOf(file))
  const { by, ...spot } = await firstBehind(address, files, name, runtime)
  if (isWithin && by !== place.within) {
    throw lost(`this server has a transaction of server ${by} behind ${name}; ${changesOf(place)}`, LOST_WITHIN)
  }
  return { ...spot, server: here.server, gtid }
}

const LOST_WITHIN =
  'It lagged behind when it took over, and the lake has changes that it does not. Point the worker at a replica that has that transaction, or read the tables anew with a new group.'

const changesOf = ({ next, within }: LogPlace) =>
  `${next} changes of the one that server ${within} made behind it were read`

const GTID_EVENT = 162
const ROTATE = 4

/** Returns where the first transaction behind one begins, and which server made it. */
async function firstBehind(address: MysqlCdcAddress, files: readonly string[], gtid: string, runtime: Runtime) {
  const { promise, resolve, reject } = Promise.withResolvers<Pick<Spot, 'file' | 'pos'> & { readonly by: bigint }>()
  let file = 0n
  const dump = await openDump(
    address,
    { base: '', file, pos: 4n, behind: gtid },
    ({ type, body, end, size, serverId }) => {
      const name = type === ROTATE && files.find((known) => body.toString('latin1', 8).startsWith(known))
      if (name) file = parseFile(name).file
      if (type === GTID_EVENT && end !== 0) resolve({ file, pos: BigInt(end - size), by: BigInt(serverId) })
    },
    reject,
    runtime,
  )
  try {
    return await promise
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== 'OFFSET_OUT_OF_RANGE') throw error
    const next =
      'It lagged behind when it took over, or has thrown its log away. Point the worker at a replica that has it, or read the tables anew with a new group.'
    throw lost(`this server's log does not have transaction ${gtid}, up to which the other one was read`, next)
  } finally {
    dump.close()
  }
}

function lost(what: string, next: string): MillraceError {
  return new MillraceError('OFFSET_OUT_OF_RANGE', what, { next })
}

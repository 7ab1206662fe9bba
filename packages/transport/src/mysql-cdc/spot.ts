import { MillraceError, type Runtime } from '@millrace/base'
import type { MysqlCdcAddress } from './address.ts'
import { openDump } from './dump.ts'
import { type Gtid, NO_GTID, type Place, type Spot } from './position.ts'
import { fileName, type LogPlace, logEnd, parseFile, type Server, textOf } from './server.ts'

export async function serverNumber(server: Pick<Server, 'rows'>): Promise<bigint> {
  const [row] = await server.rows('SELECT @@server_id')
  return BigInt(textOf(row?.[0]))
}

/** Returns a place of the log with what tells it on other servers. */
export async function spotOf(server: Server, { base, file, pos }: LogPlace): Promise<Spot> {
  const at = { file, pos, server: await serverNumber(server) }
  const domain = await domainOf(server)
  if (domain === undefined) return { ...at, gtid: NO_GTID }
  const [row] = await server.rows(`SELECT BINLOG_GTID_POS('${fileName(base, file)}', ${pos})`)
  return { ...at, gtid: gtidIn(textOf(row?.[0]), domain) }
}

/** Returns the number of the domain of a MariaDB. */
async function domainOf(server: Server): Promise<string | undefined> {
  const [row] = await server.rows("SHOW GLOBAL VARIABLES LIKE 'gtid_domain_id'")
  return row && textOf(row[1])
}

/** Returns the last transaction of the domain; none where there are other domains, whose order nobody knows. */
function gtidIn(list: string, domain: string): Gtid {
  const [[of, server, number] = [], ...others] = list.split(',').map((gtid) => gtid.split('-'))
  if (of !== domain || others.length > 0 || server === undefined || number === undefined) return NO_GTID
  return { server: BigInt(server), number: BigInt(number) }
}

/** Returns a place of another server's log in this one's: behind the same transaction. */
export async function spotHere(
  address: MysqlCdcAddress,
  server: Server,
  { gtid, server: was }: Place,
  runtime: Runtime,
): Promise<Spot> {
  const end = await logEnd(server)
  const here = await spotOf(server, end)
  const domain = await domainOf(server)
  if (domain === undefined || gtid.number === 0n || here.gtid.number === 0n) {
    throw lost(
      `the place is one of server ${was}, and this is server ${here.server}`,
      'Go on with that server, or read the tables anew with a new group. A replica of MariaDB can take its place where all transactions are of one domain (gtid_domain_id), and it logs what it replicates (log_slave_updates).',
    )
  }
  if (here.gtid.server === gtid.server && here.gtid.number === gtid.number) return here
  const name = `${domain}-${gtid.server}-${gtid.number}`
  const files = (await server.rows('SHOW BINARY LOGS')).map(([file]) => textOf(file))
  return { ...(await firstBehind(address, files, name, runtime)), server: here.server, gtid }
}

const GTID_EVENT = 162
const ROTATE = 4

/** Returns where the first transaction behind one begins. */
async function firstBehind(address: MysqlCdcAddress, files: readonly string[], gtid: string, runtime: Runtime) {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly file: bigint; readonly pos: bigint }>()
  let file = 0n
  const dump = await openDump(
    address,
    { base: '', file, pos: 4n, behind: gtid },
    ({ type, body, end, size }) => {
      const name = type === ROTATE && files.find((known) => body.toString('latin1', 8).startsWith(known))
      if (name) file = parseFile(name).file
      if (type === GTID_EVENT && end !== 0) resolve({ file, pos: BigInt(end - size) })
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

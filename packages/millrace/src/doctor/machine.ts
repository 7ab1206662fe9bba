import { statfs } from 'node:fs/promises'
import { tmpdir, totalmem } from 'node:os'
import { bytesInWords } from '@millrace/watch'
import packageJson from '../../package.json' with { type: 'json' }
import { type Finding, find, problem } from './finding.ts'

const OLDEST_NODE = 26
/** The engine's bound, the bytes in flight, and Node itself. */
const WORKER_BYTES = 1_000_000_000
/** Batches under way, and what the engine puts aside. */
const WORK_FOLDER_BYTES = 2_000_000_000

/** Checks the machine: Node, memory, disk. */
export async function checkMachine(): Promise<Finding[]> {
  return [await find('versions', versions), await find('memory', memory), await find('disk for work', () => disk())]
}

async function versions() {
  const { openDuckDB } = await import('@millrace/engine')
  const engine = await openDuckDB({ files: [] })
  try {
    const connection = await engine.connect()
    const [row] = (await connection.runAndReadAll('SELECT version()')).getRows()
    const detail = `Millrace ${packageJson.version}, Node ${process.versions.node}, DuckDB ${row?.[0]}`
    if (Number.parseInt(process.versions.node, 10) >= OLDEST_NODE) return detail
    return problem('versions', detail, `Millrace needs Node ${OLDEST_NODE}: start it by pnpm, which brings it.`)
  } finally {
    engine.close()
  }
}

async function memory() {
  const limit = process.constrainedMemory() || totalmem()
  const bytes = Math.min(limit, totalmem())
  const detail = `${bytesInWords(bytes)} for this process; a worker takes up to ${bytesInWords(WORKER_BYTES)}`
  return bytes >= WORKER_BYTES ? detail : problem('memory', detail, 'Give the container or machine more memory.')
}

async function disk() {
  const { bavail, bsize } = await statfs(tmpdir())
  const free = bavail * bsize
  const detail = `${bytesInWords(free)} free in ${tmpdir()}`
  if (free >= WORK_FOLDER_BYTES) return detail
  return problem('disk for work', detail, 'Make room, or name another folder by TMPDIR.')
}

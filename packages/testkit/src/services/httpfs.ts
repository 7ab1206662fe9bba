import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { makeVenv } from './python.ts'
import type { Installation } from './server.ts'
import { missingTool } from './toolchain.ts'

/** The version of our DuckDB. */
const VERSION = '1.5.5'
const REQUIREMENT = `duckdb-extension-httpfs==${VERSION}`
const FILE = 'httpfs.duckdb_extension'

/** DuckDB's extension for S3, signed by its makers: `LOAD '<home>/httpfs.duckdb_extension'`. */
export const httpfs: Installation = {
  pins: REQUIREMENT,
  missing: () => missingTool('python3'),
  install: async (home, run) => {
    const wheel = join(home, 'wheel')
    await makeVenv(home, ['--target', wheel, REQUIREMENT], run)
    await rename(join(wheel, 'duckdb_extension_httpfs/extensions', `v${VERSION}`, FILE), join(home, FILE))
  },
}

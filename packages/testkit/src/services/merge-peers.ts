import { makeVenv } from './python.ts'
import type { Installation } from './server.ts'
import { missingTool } from './toolchain.ts'

/** deltalite needs Python 3.12: with an older one the rest is there without it. */
const REQUIREMENTS = ['duckdb-extension-tpcds==1.5.5', 'pyarrow==26.0.1', "deltalite==0.1.15; python_version >= '3.12'"]

/** For the benchmark of merges, in `<home>/venv/bin/python`: TPC-DS data, and deltalite. */
export const mergePeers: Installation = {
  pins: REQUIREMENTS.join('\n'),
  missing: () => missingTool('python3'),
  install: (home, run) => makeVenv(home, REQUIREMENTS, run),
}

import { answers, type HttpAddress, makeVenv, PYTHON_ENV, pythonScript, venvPython } from './python.ts'
import type { Server } from './server.ts'
import { missingTool } from './toolchain.ts'

const REQUIREMENTS = [
  'deltalake==1.6.6',
  'polars==2.1.0',
  'pyarrow==26.0.1',
  'arro3-core==0.9.1',
  'polars-runtime-32==2.1.0',
]

/** delta-rs, polars and pyarrow: what the others read of our tables, and what we read of theirs. */
export const judge: Server<HttpAddress> = {
  pins: REQUIREMENTS.join('\n'),
  missing: () => missingTool('python3'),
  install: (home, run) => makeVenv(home, REQUIREMENTS, run),
  launch: async ({ home, freePort }) => {
    const port = await freePort()
    const address = { url: `http://127.0.0.1:${port}` }
    return {
      command: [venvPython(home), pythonScript('judge_server.py'), String(port)],
      env: PYTHON_ENV,
      address,
      ready: () => answers(address),
    }
  },
}

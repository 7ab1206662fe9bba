import { join } from 'node:path'
import { type HttpAddress, makeVenv, PYTHON_ENV } from './python.ts'
import type { Server } from './server.ts'
import { missingTool } from './toolchain.ts'

const REQUIREMENTS = ['moto[server,glue]==5.2.5', 'boto3==1.44.8']

/** AWS as moto plays it: here for the schema registry of Glue. */
export const moto: Server<HttpAddress> = {
  pins: REQUIREMENTS.join('\n'),
  missing: () => missingTool('python3'),
  install: (home, run) => makeVenv(home, REQUIREMENTS, run),
  launch: async ({ home, freePort }) => {
    const port = await freePort()
    const address = { url: `http://127.0.0.1:${port}` }
    return {
      command: [join(home, 'venv', 'bin', 'moto_server'), '-H', '127.0.0.1', '-p', String(port)],
      // After so many calls it checks each one's signature against the users that were made.
      env: { ...PYTHON_ENV, INITIAL_NO_AUTH_ACTION_COUNT: '3' },
      address,
      ready: async () => (await fetch(`${address.url}/moto-api/data.json`)).ok,
    }
  },
}

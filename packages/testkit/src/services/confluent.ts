import { answers, type HttpAddress, makeVenv, PYTHON_ENV, pythonScript, venvPython } from './python.ts'
import type { Server } from './server.ts'
import { missingTool } from './toolchain.ts'

const REQUIREMENTS = ['confluent-kafka[avro,protobuf,json]==2.16.1']

/** Confluent's client for Python with its own serialisers: what others put into Kafka. */
export const confluent: Server<HttpAddress> = {
  pins: REQUIREMENTS.join('\n'),
  missing: () => missingTool('python3'),
  install: (home, run) => makeVenv(home, REQUIREMENTS, run),
  launch: async ({ home, freePort }) => {
    const port = await freePort()
    const address = { url: `http://127.0.0.1:${port}` }
    return {
      command: [venvPython(home), pythonScript('confluent_server.py'), String(port)],
      env: PYTHON_ENV,
      address,
      ready: () => answers(address),
    }
  },
}
